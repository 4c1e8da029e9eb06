package dev.firn.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.fuse.Finding;
import dev.firn.fuse.MachineCheck;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code firn doctor}. */
@Command(
    name = "doctor",
    description = {
      "Say what this machine offers to Firn, and what to do where that is little.",
      "Changes nothing, unless told to. Exits with status 1 if Firn cannot mount here."
    },
    footer = {"Example:", "  firn doctor", "  sudo firn doctor --enable-io-uring"})
final class DoctorCommand extends ClientCommand {
  @Option(
      names = "--enable-io-uring",
      description = {
        "As root: let the kernel offer FUSE over io_uring to all mounts made from now on,",
        "until the machine starts again."
      })
  private boolean enableRings;

  @Override
  void run(Session session) throws IOException {
    if (enableRings) {
      String forGood = MachineCheck.enableRings();
      if (!session.printedAsJson(
          ApiClient.parameters().put("ioUring", true).put("forGood", forGood))) {
        session.output().println("FUSE over io_uring is on: mounts made from now on use it");
        session.output().println("to have it so when the machine starts: " + forGood);
      }
      return;
    }
    List<Finding> findings = MachineCheck.findings();
    if (!session.printedAsJson(json(findings))) {
      Table table = new Table("WHAT", "", "HERE", "WHAT TO DO");
      for (Finding finding : findings) {
        table.row(finding.name(), word(finding), finding.found(), finding.advice());
      }
      table.print(session.output());
    }
    long problems =
        findings.stream().filter(finding -> finding.verdict() == Finding.Verdict.PROBLEM).count();
    if (problems > 0) {
      throw FirnException.failed(
          "Firn cannot mount on this machine as it is: see what is marked 'problem' above");
    }
  }

  private static String word(Finding finding) {
    return finding.verdict().name().toLowerCase(Locale.ROOT);
  }

  private static ObjectNode json(List<Finding> findings) {
    ObjectNode json = ApiClient.parameters();
    ArrayNode array = json.putArray("findings");
    for (Finding finding : findings) {
      array
          .addObject()
          .put("name", finding.name())
          .put("verdict", word(finding))
          .put("found", finding.found())
          .put("advice", finding.advice());
    }
    return json;
  }
}
