package dev.firn.cli;

import dev.firn.pack.Signer;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code firn pack keygen}. */
@Command(
    name = "keygen",
    description = {
      "Make a key to sign packages with, and print its fingerprint.",
      "FILE is the private key, FILE.pub the public one, for the trusted-keys of other homes."
    },
    footer = {"Example:", "  firn pack keygen backup.key"})
final class PackKeygenCommand extends ClientCommand {
  @Parameters(paramLabel = "FILE", description = "The private key to make.")
  private Path file;

  @Override
  void run(Session session) throws IOException {
    String fingerprint = Signer.generate(file).fingerprint();
    if (!session.printedAsJson(ApiClient.parameters().put("fingerprint", fingerprint))) {
      session.output().println(fingerprint);
    }
  }
}
