package dev.firn.base;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs another program: in plain English, without input, and not for ever. Arguments go to it as
 * they are, through no shell. What it prints is kept up to a limit. Safe to use from several
 * threads.
 */
public final class Program {
  private static final int OUTPUT_BYTES_MAX = 1 << 20;
  private static final int POLL_MILLIS = 100;

  private Program() {}

  /** Looks on while a program runs. */
  @FunctionalInterface
  public interface Watcher {
    /** Is asked ten times a second whether to go on; throws when not. */
    void check() throws IOException;

    /** Hears what comes to standard output, piece by piece, on a thread of its own. */
    default void heard(String piece) {}
  }

  /** What a program that has ended printed, to standard output and to standard error. */
  public record Result(int exitStatus, String output, String errors) {
    /** The last line of what went wrong, for messages. */
    public String reason() {
      String text = errors.strip().isEmpty() ? output.strip() : errors.strip();
      String line =
          text.substring(Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1).strip();
      return line.isEmpty() ? "exit status " + exitStatus : line;
    }
  }

  /**
   * Runs a program to its end.
   *
   * @param debianPackage where it is, for the message when it is missing
   * @throws FirnException FAILED if it is not installed, does not end in time, or ends with another
   *     status than 0: then with the last line of what it said
   */
  public static String run(String debianPackage, int timeoutSeconds, List<String> command)
      throws IOException {
    Result result = result(debianPackage, timeoutSeconds, command, () -> {});
    if (result.exitStatus() != 0) {
      throw FirnException.failed("%s failed: %s", command.get(0), result.reason());
    }
    return result.output();
  }

  /** As {@link #run}, whatever the exit status. */
  public static Result result(
      String debianPackage, int timeoutSeconds, List<String> command, Watcher watcher)
      throws IOException {
    Process process = start(debianPackage, command);
    boolean ended = false;
    try {
      CompletableFuture<String> output =
          collect(process.getInputStream(), command.get(0), watcher::heard);
      CompletableFuture<String> errors =
          collect(process.getErrorStream(), command.get(0), piece -> {});
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        watcher.check();
        if (System.nanoTime() > deadline) {
          throw FirnException.failed(
              "%s did not end within %d seconds, and was ended", command.get(0), timeoutSeconds);
        }
      }
      ended = true;
      return new Result(process.exitValue(), output.get(), errors.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FirnException.failed("interrupted while %s was running", command.get(0));
    } catch (ExecutionException e) {
      throw new IOException(command.get(0) + " cannot be heard", e);
    } finally {
      if (!ended) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
  }

  private static Process start(String debianPackage, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C.UTF-8");
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      throw new FirnException(
          ErrorKind.FAILED,
          String.format(
              "%s cannot be run (is it installed?): apt-get install %s",
              command.get(0), debianPackage),
          e);
    }
  }

  private static CompletableFuture<String> collect(
      InputStream from, String name, Consumer<String> listener) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread reader =
        DaemonThreads.named("output of " + name)
            .newThread(
                () -> {
                  try (from) {
                    text.complete(read(from, listener));
                  } catch (IOException | RuntimeException e) {
                    text.completeExceptionally(e);
                  }
                });
    reader.start();
    return text;
  }

  /** To the end, so that the program never waits; the first part is kept. */
  private static String read(InputStream from, Consumer<String> listener) throws IOException {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
      listener.accept(new String(buffer, 0, count, StandardCharsets.UTF_8));
      kept.write(buffer, 0, Math.min(count, OUTPUT_BYTES_MAX - kept.size()));
    }
    return kept.toString(StandardCharsets.UTF_8);
  }
}
