package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.region.Region;
import java.util.ArrayList;
import java.util.List;

/**
 * A request that was verified and fits its shape.
 *
 * @param region the home as the caller sees it; of an action that needs no signature, as nobody in
 *     particular does
 * @param caller who signed it; null if nobody did
 */
record Call(String action, ObjectNode parameters, Region region, Caller caller) {
  /** A text, or null. */
  String text(String name) {
    JsonNode value = parameters.path(name);
    return value.isTextual() ? value.asText() : null;
  }

  /** A number, or null. */
  Long number(String name) {
    JsonNode value = parameters.path(name);
    return value.isNumber() ? value.asLong() : null;
  }

  boolean flag(String name) {
    return parameters.path(name).asBoolean(false);
  }

  boolean has(String name) {
    return parameters.hasNonNull(name);
  }

  List<String> texts(String name) {
    return texts(parameters.path(name));
  }

  JsonNode filters() {
    return parameters.path("Filters");
  }

  static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  static ObjectNode answer() {
    return JsonNodeFactory.instance.objectNode();
  }
}
