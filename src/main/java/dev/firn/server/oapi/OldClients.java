package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Clients that fail over fields which the API got after they were made: osc-sdk-java 0.8 throws for
 * an answer that has one. They are answered without those fields.
 */
final class OldClients {
  private static final String STRICT_AGENT = "osc-sdk-java/0.8.";

  /** What such a client does not know, by the kind of thing. */
  private static final Map<String, Set<String>> UNKNOWN =
      Map.of(
          "Volume", Set.of("ClientToken", "TaskId"),
          "Snapshot", Set.of("ClientToken"),
          "Image", Set.of("BootModes", "SecureBoot", "TpmMandatory"),
          "AccessKey", Set.of("Tag"));

  private OldClients() {}

  /** Takes away what the client does not know, if it is one that minds. */
  static void adapt(String userAgent, ObjectNode answer) {
    if (userAgent == null || !userAgent.startsWith(STRICT_AGENT)) {
      return;
    }
    UNKNOWN.forEach(
        (kind, fields) -> {
          remove(answer.path(kind), fields);
          for (JsonNode each : answer.path(kind + "s")) {
            remove(each, fields);
          }
        });
  }

  private static void remove(JsonNode node, Set<String> fields) {
    if (node instanceof ObjectNode object) {
      object.remove(List.copyOf(fields));
    }
  }
}
