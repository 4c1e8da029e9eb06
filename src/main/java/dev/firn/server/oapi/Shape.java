package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a value of a request may be. A description of parameters is made of shapes, and checked as a
 * whole before anything is done: what is not described is refused.
 */
abstract class Shape {
  private static final String ID_DIGITS = "[0-9a-f]{8}";

  /**
   * @param path where it is, for messages, like {@code Filters.States}
   * @throws OapiException if it is something else
   */
  abstract void check(String path, JsonNode value);

  /** The names of the fields of a field that is an object; none if there is no such field. */
  Set<String> names(String field) {
    return Set.of();
  }

  /** Text of so many characters. */
  static Shape text(int minimum, int maximum) {
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isTextual(), Problem.INVALID_PARAMETER_TYPE, path, "text");
        int length = value.asText().length();
        require(
            length >= minimum && length <= maximum,
            Problem.INVALID_LENGTH,
            path,
            minimum + " to " + maximum + " characters");
      }
    };
  }

  static Shape text() {
    return text(0, 1024);
  }

  /** An id, such as {@code vol-} and eight hexadecimal digits. */
  static Shape id(String prefix) {
    Pattern pattern = Pattern.compile(Pattern.quote(prefix) + "-" + ID_DIGITS);
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isTextual(), Problem.INVALID_PARAMETER_TYPE, path, "an id");
        String text = value.asText();
        require(
            text.startsWith(prefix + "-"),
            Problem.INVALID_ID_PREFIX,
            path,
            "an id that begins with " + prefix + "-");
        require(
            pattern.matcher(text).matches(),
            Problem.MALFORMED_ID,
            path,
            prefix + "- and 8 hexadecimal digits");
      }
    };
  }

  /** Text that matches. */
  static Shape matching(String regex, Problem problem, String words) {
    Pattern pattern = Pattern.compile(regex);
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isTextual(), Problem.INVALID_PARAMETER_TYPE, path, "text");
        require(pattern.matcher(value.asText()).matches(), problem, path, words);
      }
    };
  }

  static Shape oneOf(Problem problem, String... values) {
    List<String> known = List.of(values);
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isTextual(), Problem.INVALID_PARAMETER_TYPE, path, "text");
        require(
            known.contains(value.asText()), problem, path, "one of " + String.join(", ", known));
      }
    };
  }

  static Shape integer(long minimum, long maximum, Problem problem) {
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isIntegralNumber(), Problem.INVALID_PARAMETER_TYPE, path, "a whole number");
        require(
            value.canConvertToLong() && value.asLong() >= minimum && value.asLong() <= maximum,
            problem,
            path,
            minimum + " to " + maximum);
      }
    };
  }

  static Shape integer() {
    return integer(Long.MIN_VALUE, Long.MAX_VALUE, Problem.INVALID_PARAMETER_VALUE);
  }

  static Shape bool() {
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isBoolean(), Problem.INVALID_PARAMETER_TYPE, path, "true or false");
      }
    };
  }

  /** A time as {@link #time} reads it. */
  static Shape dateTime() {
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isTextual(), Problem.INVALID_PARAMETER_TYPE, path, "a time");
        require(
            time(value.asText()) != null,
            Problem.INVALID_PARAMETER_VALUE,
            path,
            "a time such as 2026-01-31T09:05:00.000Z");
      }
    };
  }

  /** An ISO 8601 time, or a date, which begins in UTC; null for anything else. */
  static Instant time(String text) {
    try {
      return text.length() == 10
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
          : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  static Shape list(Shape of) {
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        require(value.isArray(), Problem.INVALID_PARAMETER_TYPE, path, "a list");
        for (int i = 0; i < value.size(); i++) {
          of.check(path + "[" + i + "]", value.get(i));
        }
      }
    };
  }

  static Shape filledList(Shape of) {
    Shape any = list(of);
    return new Shape() {
      @Override
      void check(String path, JsonNode value) {
        any.check(path, value);
        require(value.size() > 0, Problem.INVALID_PARAMETER_VALUE, path, "one element or more");
      }
    };
  }

  /** An object without fields as yet. */
  static Fields object() {
    return new Fields(Problem.INVALID_PARAMETER);
  }

  /** An object of filters: an unknown one is an error of its own. */
  static Fields filters() {
    return new Fields(Problem.INVALID_FILTER);
  }

  /** An object with known fields. */
  static final class Fields extends Shape {
    private record Field(Shape shape, boolean required) {}

    private final Map<String, Field> fields = new LinkedHashMap<>();
    private final Problem unknown;

    private Fields(Problem unknown) {
      this.unknown = unknown;
    }

    Fields required(String name, Shape shape) {
      fields.put(name, new Field(shape, true));
      return this;
    }

    Fields optional(String name, Shape shape) {
      fields.put(name, new Field(shape, false));
      return this;
    }

    @Override
    Set<String> names(String field) {
      Field found = fields.get(field);
      return found != null && found.shape() instanceof Fields object
          ? Set.copyOf(object.fields.keySet())
          : Set.of();
    }

    @Override
    void check(String path, JsonNode value) {
      String prefix = path.isEmpty() ? "" : path + ".";
      if (!value.isObject()) {
        throw new OapiException(
            Problem.INVALID_PARAMETER_TYPE,
            "%s must be an object",
            path.isEmpty() ? "the request" : path);
      }
      value
          .fieldNames()
          .forEachRemaining(
              name -> {
                if (!fields.containsKey(name)) {
                  throw new OapiException(
                      unknown, "'%s' is unknown; known are %s", prefix + name, fields.keySet());
                }
              });
      fields.forEach(
          (name, field) -> {
            JsonNode given = value.get(name);
            boolean missing = given == null || given.isNull();
            if (missing && field.required()) {
              throw new OapiException(Problem.MISSING_PARAMETER, "'%s' is missing", prefix + name);
            }
            if (!missing) {
              field.shape().check(prefix + name, given);
            }
          });
    }
  }

  private static void require(boolean holds, Problem problem, String path, String words) {
    if (!holds) {
      throw new OapiException(problem, "'%s' must be %s", path, words);
    }
  }
}
