package dev.firn.daemon;

import dev.firn.base.ErrorKind;
import dev.firn.server.Failure;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The daemon's entry point: {@code Daemon HOME}. Once everything is served it prints {@link #READY}
 * and turns its output to a file; if it cannot start it prints {@link #FAILED} and the reason, in
 * one line, and exits with the status of the reason's kind. It ends by SIGTERM, SIGINT or the
 * action {@code Stop}: status 0 when everything is durable.
 */
public final class Daemon {
  /** What a daemon that serves prints, as a line. */
  public static final String READY = "ready";

  /** How the line begins that says why a daemon did not start. */
  public static final String FAILED = "failed: ";

  private Daemon() {}

  public static void main(String[] arguments) {
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (arguments.length != 1) {
      output.println(FAILED + "usage: Daemon HOME");
      System.exit(ErrorKind.USAGE.exitStatus());
    }
    Path home = Path.of(arguments[0]).toAbsolutePath().normalize();
    try {
      // A log in a directory that is no home would be in the way of making it one.
      DaemonLog.begin(HomePaths.isHome(home) ? HomePaths.log(home) : null);
      HomeService service = HomeService.start(home);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(service), "stop"));
    } catch (Exception | Error e) {
      Failure failure = Failure.of(e);
      output.println(FAILED + failure.message());
      System.exit(failure.kind().exitStatus());
    }
    output.println(READY);
    // Whoever started the daemon reads up to here.
    StandardStreams.turnTo(HomePaths.strayOutput(home));
  }

  /** In the shutdown hook, because after a signal only halting sets the exit status. */
  private static void end(HomeService service) {
    Runtime.getRuntime().halt(service.stop() ? 0 : 1);
  }
}
