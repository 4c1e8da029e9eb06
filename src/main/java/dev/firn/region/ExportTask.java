package dev.firn.region;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.Map;

/**
 * An export of a snapshot or an image to a bucket. A value: it does not follow later changes.
 *
 * @param id {@code snap-export-} or {@code image-export-} and eight hexadecimal digits
 * @param number home-wide, growing
 * @param resourceId the snapshot's or the image's
 * @param target where it goes to
 * @param progress percent, 0 to 100
 * @param comment why it failed, else null
 * @param manifestUrl where an image's manifest is, once it is there; else null
 * @param endedAt null while it is not over
 */
public record ExportTask(
    String id,
    long number,
    String accountId,
    String resourceId,
    Target target,
    State state,
    int progress,
    String comment,
    String manifestUrl,
    Map<String, String> tags,
    Instant createdAt,
    Instant endedAt) {

  /** Where a task is in its life. */
  public enum State {
    PENDING("pending"),
    ACTIVE("active"),
    COMPLETED("completed"),
    CANCELLED("cancelled"),
    FAILED("failed");

    private final String text;

    State(String text) {
      this.text = text;
    }

    /** The word that users and scripts see. */
    @JsonValue
    public String text() {
      return text;
    }

    public boolean isOver() {
      return this != PENDING && this != ACTIVE;
    }

    static State of(String text) {
      for (State state : values()) {
        if (state.text.equals(text)) {
          return state;
        }
      }
      throw new IllegalArgumentException("no state of a task '" + text + "'");
    }
  }

  /**
   * A place in a bucket.
   *
   * @param diskFormat {@code qcow2} or {@code raw}
   * @param endpoint the URL of the service
   * @param prefix what keys begin with, never null
   * @param keyId of the access key to the bucket; the secret is kept apart
   */
  public record Target(
      String diskFormat, String endpoint, String bucket, String prefix, String keyId) {}
}
