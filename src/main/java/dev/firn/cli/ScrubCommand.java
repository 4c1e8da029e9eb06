package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn scrub}. */
@Command(
    name = "scrub",
    description = {
      "Read everything that is kept, and verify it.",
      "Lists what is damaged, and exits with status 6 if anything is.",
      "One that was interrupted goes on where it was when it is started again within 7 days."
    },
    footer = {"Example:", "  firn scrub --rate 50M", "  firn scrub --restart"})
final class ScrubCommand extends ClientCommand {
  @Option(
      names = "--rate",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "Read at most so much a second (default: as fast as the disk reads).")
  private Long bytesPerSecondMax;

  @Option(names = "--restart", description = "Begin anew, even if one was interrupted.")
  private boolean restart;

  @Override
  void run(Session session) throws IOException {
    if (!restart) {
      tellWhereItGoesOn(session);
    }
    JsonNode result =
        DamagePrinter.work(
            session,
            "scrub",
            "Scrub",
            ApiClient.parameters()
                .put("bytesPerSecondMax", bytesPerSecondMax == null ? 0 : bytesPerSecondMax)
                .put("restart", restart));
    long damages = result.path("damages").asLong();
    if (damages > 0) {
      throw FirnException.corrupt(
          "%d parts are damaged; everything else, %s, is as it was written",
          damages, Text.size(result, "verifiedBytes"));
    }
    if (!session.json()) {
      session.output().printf("%s verified: no damage%n", Text.size(result, "verifiedBytes"));
    }
  }

  private static void tellWhereItGoesOn(Session session) throws IOException {
    JsonNode interrupted = session.call("ReadScrub", ApiClient.parameters()).path("interrupted");
    if (interrupted.isObject()) {
      session
          .errors()
          .printf(
              "firn: continuing at %s of about %s, where the last scrub was interrupted on %s"
                  + " (--restart begins anew)%n",
              Text.size(interrupted, "doneBytes"),
              Text.size(interrupted, "totalBytes"),
              Text.time(interrupted, "interruptedAt"));
    }
  }
}
