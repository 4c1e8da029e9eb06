package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A page of a Read action: so many things behind a position. The token of the next page is that
 * position; things that come and go meanwhile neither repeat nor hide others.
 *
 * @param after the position behind which it begins; empty: at the start
 */
record Page(String after, int limit) {
  static final int LIMIT_MAX = 1000;
  private static final int CHUNK_MIN = 100;
  private static final String VERSION = "1 ";

  /** Adds the parameters of pages to those of an action. */
  static Shape.Fields parameters(Shape.Fields fields) {
    return fields
        .optional("ResultsPerPage", Shape.integer(1, LIMIT_MAX, Problem.INVALID_PARAMETER_VALUE))
        .optional("NextPageToken", Shape.text(1, 1024));
  }

  /** As the parameters of a request say. */
  static Page of(JsonNode parameters, int limitByDefault) {
    int limit = parameters.path("ResultsPerPage").asInt(limitByDefault);
    JsonNode token = parameters.path("NextPageToken");
    return new Page(token.isTextual() ? position(token.asText()) : "", limit);
  }

  /** Things from behind a position on, in order. */
  @FunctionalInterface
  interface Source<T> {
    List<T> read(String after, int limit) throws IOException;
  }

  /** A source of what is in memory, in the order of its positions. */
  static <T> Source<T> of(List<T> all, Function<T, String> position) {
    return (after, limit) ->
        all.stream()
            .filter(thing -> after.isEmpty() || position.apply(thing).compareTo(after) > 0)
            .limit(limit)
            .toList();
  }

  /** A number as a position: in the order of numbers. */
  static String position(long number) {
    return String.format("%019d", number);
  }

  /** The number of a {@link #position(long)}; 0 at the start. */
  static long number(String position) {
    try {
      return position.isEmpty() ? 0 : Long.parseLong(position);
    } catch (NumberFormatException e) {
      throw unknownToken();
    }
  }

  /** Fills a list of an answer with what passes, and adds the token if there is more. */
  <T> void fill(
      ObjectNode answer,
      String field,
      Source<T> source,
      Predicate<T> predicate,
      Function<T, String> position,
      Function<T, ? extends JsonNode> json)
      throws IOException {
    ArrayNode list = answer.putArray(field);
    String last = after;
    String lastShown = after;
    int chunk = Math.max(limit + 1, CHUNK_MIN);
    while (true) {
      // One more than needed: it tells whether there is a next page.
      List<T> things = source.read(last, chunk);
      for (T thing : things) {
        last = position.apply(thing);
        if (!predicate.test(thing)) {
          continue;
        }
        if (list.size() == limit) {
          answer.put("NextPageToken", token(lastShown));
          return;
        }
        list.add(json.apply(thing));
        lastShown = last;
      }
      if (things.size() < chunk) {
        return;
      }
    }
  }

  private static String token(String position) {
    return Base64.getEncoder()
        .encodeToString((VERSION + position).getBytes(StandardCharsets.UTF_8));
  }

  private static String position(String token) {
    try {
      String text = new String(Base64.getDecoder().decode(token), StandardCharsets.UTF_8);
      if (text.startsWith(VERSION) && text.length() > VERSION.length()) {
        return text.substring(VERSION.length());
      }
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    throw unknownToken();
  }

  private static OapiException unknownToken() {
    return new OapiException(
        Problem.INVALID_PARAMETER_VALUE, "'NextPageToken' is none that was given out here");
  }
}
