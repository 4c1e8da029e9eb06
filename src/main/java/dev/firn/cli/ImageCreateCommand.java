package dev.firn.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code firn image create}. */
@Command(
    name = "create",
    description = {"Make a machine image of snapshots, and print its id."},
    footer = {"Example:", "  firn image create debian-12 --disk /dev/sda1=debian@last"})
final class ImageCreateCommand extends AccountClientCommand {
  @Parameters(index = "0", paramLabel = "NAME", description = "3 to 128 characters.")
  private String name;

  @Option(
      names = "--disk",
      paramLabel = "DEVICE=SNAPSHOT",
      required = true,
      description = "A disk, like /dev/sda1=db@last; may be repeated. The first is the root.")
  private List<String> disks = List.of();

  @Option(names = "--description", paramLabel = "TEXT", description = "Free text.")
  private String description;

  @Option(
      names = "--product-code",
      paramLabel = "CODE",
      description = "A licence that goes with the image; may be repeated.")
  private List<String> productCodes = List.of();

  @Override
  void run(Session session) throws IOException {
    ObjectNode parameters =
        ApiClient.parameters().put("name", name).put("description", description);
    ArrayNode list = parameters.putArray("disks");
    for (String disk : disks) {
      int equals = disk.indexOf('=');
      if (equals <= 0) {
        throw FirnException.usage("'%s' is no DEVICE=SNAPSHOT, like /dev/sda1=db@last", disk);
      }
      list.addObject()
          .put("device", disk.substring(0, equals))
          .put("snapshot", disk.substring(equals + 1));
    }
    productCodes.forEach(parameters.putArray("productCodes")::add);
    session.printId(session.call("CreateImage", parameters));
  }
}
