package dev.firn.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the log keeps beside each frozen root, so that the catalog could be made anew from it: a
 * JSON object.
 */
public final class SnapshotMetadata {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SnapshotMetadata() {}

  /** The same snapshot gives the same bytes. */
  public static byte[] encode(Snapshot snapshot) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", snapshot.id());
    fields.put("name", snapshot.name());
    fields.put("volumeId", snapshot.volumeId());
    fields.put("volumeName", snapshot.volumeName());
    fields.put("createdAt", snapshot.createdAt().toString());
    fields.put("description", snapshot.description());
    fields.put("sizeBytes", snapshot.sizeBytes());
    fields.put("tags", new TreeMap<>(snapshot.tags()));
    try {
      return JSON.writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers always make JSON", e);
    }
  }
}
