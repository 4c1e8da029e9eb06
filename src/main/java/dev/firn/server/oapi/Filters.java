package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The filters of a Read action: each a name, what may be given, and what of a thing is compared. A
 * thing passes a filter if one of its values is one of those given, and must pass all.
 */
final class Filters<T> {
  private record Filter<T>(Shape shape, Function<JsonNode, Predicate<T>> predicate) {}

  private final Map<String, Filter<T>> filters = new LinkedHashMap<>();

  /** A list of texts, of which the thing has any number. */
  Filters<T> texts(String name, Shape each, Function<T, ? extends Collection<String>> values) {
    return add(
        name,
        Shape.list(each),
        given -> {
          Set<String> wanted = new HashSet<>();
          given.forEach(value -> wanted.add(value.asText()));
          return thing -> values.apply(thing).stream().anyMatch(wanted::contains);
        });
  }

  /** A list of texts, of which the thing has one, or null. */
  Filters<T> text(String name, Shape each, Function<T, String> value) {
    return texts(
        name,
        each,
        thing -> {
          String text = value.apply(thing);
          return text == null ? List.of() : List.of(text);
        });
  }

  Filters<T> integers(String name, Function<T, ? extends Collection<Long>> values) {
    return add(
        name,
        Shape.list(Shape.integer()),
        given -> {
          Set<Long> wanted = new HashSet<>();
          given.forEach(value -> wanted.add(value.asLong()));
          return thing -> values.apply(thing).stream().anyMatch(wanted::contains);
        });
  }

  Filters<T> integer(String name, Function<T, Long> value) {
    return integers(
        name,
        thing -> {
          Long number = value.apply(thing);
          return number == null ? List.of() : List.of(number);
        });
  }

  Filters<T> times(String name, Function<T, Instant> value) {
    return add(
        name,
        Shape.list(Shape.dateTime()),
        given -> {
          Set<Instant> wanted = new HashSet<>();
          given.forEach(each -> wanted.add(Shape.time(each.asText())));
          return thing -> wanted.contains(value.apply(thing));
        });
  }

  /** A thing that has no such value passes neither true nor false. */
  Filters<T> bool(String name, Function<T, Boolean> value) {
    return add(
        name,
        Shape.bool(),
        given -> thing -> Objects.equals(given.asBoolean(), value.apply(thing)));
  }

  /** A thing that has several values passes with one of them. */
  Filters<T> bools(String name, Function<T, ? extends Collection<Boolean>> values) {
    return add(
        name, Shape.bool(), given -> thing -> values.apply(thing).contains(given.asBoolean()));
  }

  /** Keys, values, and pairs of tags. */
  Filters<T> tags(Function<T, Map<String, String>> tags) {
    return texts("TagKeys", Shape.text(), thing -> tags.apply(thing).keySet())
        .texts("TagValues", Shape.text(), thing -> tags.apply(thing).values())
        .texts(
            "Tags",
            Shape.matching("(?s).+=.*", Problem.INVALID_FILTER, "KEY=VALUE"),
            thing ->
                tags.apply(thing).entrySet().stream()
                    .map(tag -> tag.getKey() + "=" + tag.getValue())
                    .toList());
  }

  Filters<T> add(String name, Shape shape, Function<JsonNode, Predicate<T>> predicate) {
    filters.put(name, new Filter<>(shape, predicate));
    return this;
  }

  Shape shape() {
    Shape.Fields fields = Shape.filters();
    filters.forEach((name, filter) -> fields.optional(name, filter.shape()));
    return fields;
  }

  /**
   * What passes all that are given.
   *
   * @param given what {@link #shape} has let through, or null
   */
  Predicate<T> predicate(JsonNode given) {
    Predicate<T> all = thing -> true;
    if (given != null) {
      for (Map.Entry<String, Filter<T>> entry : filters.entrySet()) {
        JsonNode value = given.get(entry.getKey());
        if (value != null && !value.isNull()) {
          all = all.and(entry.getValue().predicate().apply(value));
        }
      }
    }
    return all;
  }
}
