package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Runs {@code scripts/firn} as users do, with a home of its own below a temporary directory.
 * Closing it stops the home's daemon and takes away mounts that are left, so that the directory can
 * go.
 */
public final class FirnCommand implements AutoCloseable {
  private static final Path LAUNCHER = Path.of(System.getProperty("firn.launcher"));

  /** A command that takes longer hangs. */
  private static final int SECONDS_MAX = 120;

  private final Path directory;
  private final Path home;
  private final Map<String, String> environment = new HashMap<>();

  /** What a command did. */
  public record Result(int status, String output, String errors) {
    /** Fails the test unless the command succeeded and said nothing on stderr. */
    public Result succeeded() {
      assertEquals(0, status, errors);
      assertEquals("", errors);
      return this;
    }

    /** Fails the test unless the command failed like this, in one line that has {@code part}. */
    public Result failed(int expectedStatus, String part) {
      assertEquals(expectedStatus, status, output + errors);
      assertTrue(errors.matches("firn: [^\\n]+\\n"), errors);
      assertTrue(errors.contains(part), errors);
      assertEquals("", output);
      return this;
    }

    /** The only line of the output. */
    public String line() {
      succeeded();
      assertEquals(1, output.lines().count(), output);
      return output.strip();
    }

    public JsonNode json() {
      assertEquals(0, status, errors);
      try {
        return new ObjectMapper().readTree(output);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * @param directory empty; everything that the test makes should be below it
   */
  public FirnCommand(Path directory) {
    this(directory, directory.resolve("home"));
  }

  FirnCommand(Path directory, Path home) {
    this.directory = directory;
    this.home = home;
    environment.put("FIRN_HOME", home.toString());
    // Many daemons run in a test run; each needs little.
    environment.put("FIRN_DAEMON_OPTS", "-Xmx256m");
  }

  public Path home() {
    return home;
  }

  /** A directory to mount at, made when missing. */
  public Path mountPoint(String name) throws IOException {
    return Files.createDirectories(directory.resolve(name));
  }

  /** Sets a variable of the environment for the commands that follow; null removes it. */
  public FirnCommand with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  public Result run(Object... arguments) {
    return runWithInput(InputStream.nullInputStream(), arguments);
  }

  /** Runs a command whose stdin is {@code input}. */
  public Result runWithInput(InputStream input, Object... arguments) {
    try {
      return finish(start(arguments), input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a command, for those that run at the same time as others. */
  public Process start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return processBuilder(command).start();
  }

  /** Runs a script of the shell in this environment; {@code $FIRN} there is the launcher. */
  public Result shell(String script) {
    try {
      // In a file, because an argument can hold no more letters than this JVM's locale has.
      Path file = Files.createTempFile("firn", ".sh");
      try {
        Files.writeString(file, "FIRN='" + LAUNCHER + "'\n" + script, StandardCharsets.UTF_8);
        return finish(
            processBuilder(List.of("/bin/sh", file.toString())).start(),
            InputStream.nullInputStream());
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The daemon's process id. */
  public long pid() {
    return run("daemon", "status", "--json").json().get("pid").asLong();
  }

  /** Waits for a process that is not this one's child. */
  public static void awaitEnd(long pid) throws Exception {
    var process = ProcessHandle.of(pid);
    if (process.isPresent()) {
      process.get().onExit().get(SECONDS_MAX, TimeUnit.SECONDS);
    }
  }

  /** Where the kernel has something mounted below this home's directory, deepest first. */
  public List<Path> mounted() throws IOException {
    String below = directory.toRealPath() + "/";
    return Files.readAllLines(Path.of("/proc/self/mounts"), StandardCharsets.UTF_8).stream()
        .map(line -> line.split(" ")[1].replace("\\040", " "))
        .filter(place -> place.startsWith(below))
        .sorted((a, b) -> b.length() - a.length())
        .map(Path::of)
        .toList();
  }

  @Override
  public void close() throws IOException {
    Result stopped = run("daemon", "stop");
    for (Path place : mounted()) {
      shell("umount -l '" + place + "'");
    }
    assertEquals(0, stopped.status(), stopped.errors());
  }

  static Result finish(Process process, InputStream input) throws IOException {
    CompletableFuture<String> output = read(process.getInputStream());
    CompletableFuture<String> errors = read(process.getErrorStream());
    try (var stdin = process.getOutputStream()) {
      input.transferTo(stdin);
    } catch (IOException e) {
      // It did not want all of its input; what it says and how it ends is for the test to judge.
      if (!String.valueOf(e.getMessage()).contains("Broken pipe")) {
        throw e;
      }
    }
    try {
      if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("hangs: " + process.info().commandLine().orElse("?"));
      }
      return new Result(process.exitValue(), output.join(), errors.join());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private ProcessBuilder processBuilder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    environment.forEach(
        (name, value) -> {
          if (value == null) {
            builder.environment().remove(name);
          } else {
            builder.environment().put(name, value);
          }
        });
    return builder;
  }

  private static CompletableFuture<String> read(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
