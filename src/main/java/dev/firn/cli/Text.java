package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.Sizes;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Base64;
import java.util.Map;
import java.util.StringJoiner;

/** Values of the API as people read them. */
final class Text {
  private Text() {}

  /** A text, or null for null. */
  static String of(JsonNode object, String field) {
    JsonNode value = object.path(field);
    return value.isNull() || value.isMissingNode() ? null : value.asText();
  }

  /** Elements separated by commas, or null for none. */
  static String list(JsonNode object, String field) {
    StringJoiner list = new StringJoiner(", ").setEmptyValue("");
    object.path(field).forEach(element -> list.add(element.asText()));
    return list.length() == 0 ? null : list.toString();
  }

  /** {@code key=value} pairs, or null for none. */
  static String map(JsonNode object, String field) {
    StringJoiner pairs = new StringJoiner(", ").setEmptyValue("");
    for (Map.Entry<String, JsonNode> entry : object.path(field).properties()) {
      pairs.add(entry.getKey() + "=" + entry.getValue().asText());
    }
    return pairs.length() == 0 ? null : pairs.toString();
  }

  /** A path, which is bytes: the field, or in Base64 the one whose name ends so. */
  static byte[] path(JsonNode object, String field) {
    return object.has(field)
        ? object.get(field).asText().getBytes(StandardCharsets.UTF_8)
        : Base64.getDecoder().decode(object.path(field + "Base64").asText());
  }

  /** A size such as {@code 4.0 GiB}. */
  static String size(JsonNode object, String field) {
    return Sizes.format(object.path(field).asLong());
  }

  /** A time of this time zone, such as {@code 2026-01-31 09:05:00}; null for null. */
  static String time(JsonNode object, String field) {
    String instant = of(object, field);
    if (instant == null) {
      return null;
    }
    ZonedDateTime time = Instant.parse(instant).atZone(ZoneId.systemDefault());
    // Not by a formatter: loading its locale data would take longer than the rest of a command.
    return time.toLocalDate()
        + " "
        + two(time.getHour())
        + ":"
        + two(time.getMinute())
        + ":"
        + two(time.getSecond());
  }

  private static String two(int number) {
    return (number < 10 ? "0" : "") + number;
  }
}
