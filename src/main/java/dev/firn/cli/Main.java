package dev.firn.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The entry point of {@code firn}. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    // Commands do not log; without this SLF4J would load and set up Logback.
    System.setProperty("slf4j.provider", "org.slf4j.helpers.NOP_FallbackServiceProvider");
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    PrintStream output = utf8(FileDescriptor.out);
    PrintStream errors = utf8(FileDescriptor.err);
    int status = FirnCommandLine.run(output, errors, System.getenv(), arguments);
    output.flush();
    System.exit(status);
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
  }
}
