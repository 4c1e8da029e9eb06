package dev.firn.server;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.deser.std.FromStringDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import dev.firn.region.VolumeState;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.VolumeKind;
import java.nio.file.Path;
import java.time.Instant;

/**
 * How the API writes and reads values: records by their component names, times as ISO-8601 in UTC,
 * paths as text, states and kinds as the words users see. Nulls are written, so that every object
 * of a kind has the same fields. Reading is strict: unknown names and wrong types are errors.
 */
final class Json {
  static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Instant.class, ToStringSerializer.instance)
                  .addSerializer(Path.class, ToStringSerializer.instance)
                  .addDeserializer(Path.class, new PathDeserializer()))
          .addMixIn(VolumeState.class, TextualState.class)
          .addMixIn(VolumeKind.class, TextualState.class)
          .addMixIn(SnapshotState.class, TextualState.class)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .build();

  private Json() {}

  /** As it is: the library's own takes a path with a colon for a URL. */
  private static final class PathDeserializer extends FromStringDeserializer<Path> {
    private static final long serialVersionUID = 1L;

    PathDeserializer() {
      super(Path.class);
    }

    @Override
    protected Path _deserialize(String value, DeserializationContext context) {
      return Path.of(value);
    }
  }

  /** Says that the word of a state or kind is its JSON form. */
  private abstract static class TextualState {
    @JsonValue
    abstract String text();
  }
}
