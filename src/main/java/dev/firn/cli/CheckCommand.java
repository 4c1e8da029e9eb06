package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.region.RebuildReport;
import dev.firn.region.Region;
import dev.firn.server.ApiClient;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn check}. */
@Command(
    name = "check",
    description = {
      "Check that everything fits together: trees, the file systems in them, the catalog.",
      "Lists what does not, and exits with status 6 then. File bytes are not read: see 'firn scrub'."
    },
    footer = {"Example:", "  firn check"})
final class CheckCommand extends ClientCommand {
  @Option(
      names = "--heads-only",
      description = "Leave out the file systems in snapshots, each of which takes its time.")
  private boolean headsOnly;

  @Option(
      names = "--rebuild-catalog",
      description = {
        "Make the catalog anew from the store, for when it is lost or damaged. Access keys and",
        "passwords are in no other place: make them anew then.",
        "The old one is kept. Not while a daemon has the home: 'firn daemon stop' before."
      })
  private boolean rebuildCatalog;

  @Override
  void run(Session session) throws IOException {
    if (rebuildCatalog) {
      rebuild(session);
      return;
    }
    JsonNode result =
        DamagePrinter.work(
            session, "check", "Check", ApiClient.parameters().put("headsOnly", headsOnly));
    long problems = result.path("problems").asLong();
    if (problems > 0) {
      throw FirnException.corrupt(
          "%d things do not fit together: restore what is listed from a snapshot or a package",
          problems);
    }
    if (!session.json()) {
      session.output().println("everything fits together");
    }
  }

  private void rebuild(Session session) throws IOException {
    RebuildReport report = Region.rebuildCatalog(session.home());
    ObjectNode json =
        ApiClient.parameters()
            .put("region", report.region())
            .put("volumes", report.volumes())
            .put("snapshots", report.snapshots())
            .put("replaced", report.replaced() == null ? null : report.replaced().toString());
    report.notes().forEach(json.putArray("notes")::add);
    if (session.printedAsJson(json)) {
      return;
    }
    report.notes().forEach(note -> session.errors().println("firn: " + note));
    session
        .output()
        .printf(
            "the catalog of region '%s' is there again: volumes %d, snapshots %d%s%n",
            report.region(),
            report.volumes(),
            report.snapshots(),
            report.replaced() == null ? "" : "; the old one is " + report.replaced());
  }
}
