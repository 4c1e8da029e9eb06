package dev.firn.cli;

import dev.firn.base.FirnException;
import dev.firn.pack.PackageMerge;
import dev.firn.pack.ProgressListener;
import dev.firn.pack.Signer;
import dev.firn.pack.Trust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn pack merge}. */
@Command(
    name = "merge",
    description = {
      "Make one full package of a full one and the incremental ones that follow it.",
      "It has the bytes that a full export of the last snapshot has. Needs the space of the files"
          + " beside OUT meanwhile."
    },
    footer = {"Example:", "  firn pack merge all.firn monday.firn tuesday.firn wednesday.firn"})
final class PackMergeCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "OUT", description = "The package to write.")
  private Path target;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "PACKAGE",
      description = "The full package, and those that change it, in order.")
  private List<Path> packages;

  @Option(
      names = "--sign-key",
      paramLabel = "FILE",
      description = "Sign with the key that 'firn pack keygen' made.")
  private Path signKey;

  @Option(
      names = "--trusted-key",
      paramLabel = "FILE",
      description = "Take packages signed by this public key, and by no other; may be repeated.")
  private List<Path> trustedKeys = List.of();

  @Option(names = "--require-signature", description = "Refuse what is not signed.")
  private boolean requireSignature;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Override
  void run(Session session) throws IOException {
    if (Files.exists(target) && !force) {
      throw FirnException.conflict("'%s' exists already; replace it with --force", target);
    }
    Signer signer = signKey == null ? null : Signer.read(signKey);
    Trust trust = Trust.of(trustedKeys, requireSignature);
    List<String> warnings = new ArrayList<>();
    try (ProgressDisplay progress = new ProgressDisplay("Merging")) {
      PackageMerge.merge(
          target,
          packages,
          trust,
          signer,
          new ProgressListener() {
            @Override
            public void progress(long doneBytes, long totalBytes) {
              progress.progress(doneBytes, totalBytes, "bytes");
            }

            @Override
            public void warning(String message) {
              warnings.add(message);
            }
          });
    }
    warnings.forEach(warning -> session.errors().println("firn: warning: " + warning));
  }
}
