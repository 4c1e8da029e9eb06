package dev.firn.bucket;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.pack.ExportOptions;
import dev.firn.pack.Exporter;
import dev.firn.pack.PackageFormat;
import dev.firn.pack.ProgressListener;
import dev.firn.region.Region;
import dev.firn.region.RegionCopies;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One copy of a snapshot to another Region: a package goes into a bucket, and the other Region is
 * asked to import it from there, which verifies it. With an earlier copy of the same volume there
 * it tells only the difference. For one thread.
 *
 * <p>Begun again after a failure it goes on: the upload with what the bucket has of it, the import
 * with the snapshot that was asked for already, found by its client token.
 */
public final class RegionCopy {
  private static final Logger LOG = LoggerFactory.getLogger(RegionCopy.class);
  private static final Duration URL_VALIDITY = Duration.ofDays(7);
  private static final long POLL_MILLIS_MIN = 50;
  private static final long POLL_MILLIS_MAX = 2_000;
  private static final int TRIES_MAX = 100;

  private final Region account;
  private final Snapshot snapshot;
  private final Settings settings;
  private final Settings.OtherRegion target;
  private final ProgressListener listener;

  private RegionCopy(
      Region account,
      Snapshot snapshot,
      Settings settings,
      Settings.OtherRegion target,
      ProgressListener listener) {
    this.account = account;
    this.snapshot = snapshot;
    this.settings = settings;
    this.target = target;
    this.listener = listener;
  }

  /**
   * What a copy has become.
   *
   * @param snapshotId in the other Region
   * @param baseId the snapshot here that it tells the difference from; null: it is whole
   * @param sentBytes what went into the bucket; 0 if it was all there
   */
  public record Copied(String snapshotId, String region, String baseId, long sentBytes) {}

  /**
   * Copies a completed snapshot that the account sees; returns when the other Region has it.
   *
   * @param regionName one of the home's settings
   */
  public static Copied run(
      Region account, String snapshotReference, String regionName, ProgressListener listener)
      throws IOException {
    Settings settings = Settings.read(account.home());
    Settings.OtherRegion target = settings.region(regionName);
    Snapshot snapshot = account.snapshot(snapshotReference);
    if (snapshot.state() != SnapshotState.COMPLETED) {
      throw FirnException.conflict(
          "snapshot '%s' is %s, not completed: it cannot be copied",
          snapshot.nameOrId(), snapshot.state().text());
    }
    return new RegionCopy(account, snapshot, settings, target, listener).run();
  }

  private Copied run() throws IOException {
    try (RegionClient client = new RegionClient(target);
        Bucket bucket = Bucket.open(settings.copiesAddress(), settings.copiesBucket())) {
      Snapshot base = null;
      for (RegionCopies.RegionCopy copy : account.regionCopies().to(target.name())) {
        boolean same = copy.snapshotId().equals(snapshot.id());
        Snapshot here = same ? snapshot : candidate(copy.snapshotId());
        if (here == null || base != null && !same) {
          continue;
        }
        if (!isThere(client, copy.copyId())) {
          account.regionCopies().remove(copy.snapshotId(), target.name());
        } else if (same) {
          return new Copied(copy.copyId(), target.name(), null, 0);
        } else {
          base = here;
        }
      }
      return copy(client, bucket, base);
    }
  }

  /** An earlier copy that this one can begin from, or null. */
  private Snapshot candidate(String id) {
    try {
      Snapshot found = account.snapshot(id);
      boolean usable =
          found.state() == SnapshotState.COMPLETED
              && found.volumeNumber() == snapshot.volumeNumber()
              && found.kind() == snapshot.kind();
      return usable ? found : null;
    } catch (FirnException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private Copied copy(RegionClient client, Bucket bucket, Snapshot base) throws IOException {
    String name =
        account.info().name() + "-" + snapshot.id() + (base == null ? "" : "-from-" + base.id());
    String key = settings.copiesPrefix() + name + ".firn";
    String token = "firn-copy-" + name;
    JsonNode there = null;
    long sentBytes = 0;
    for (int attempt = 0; there == null && attempt < TRIES_MAX; attempt++) {
      String tried = attempt == 0 ? token : token + "-" + attempt;
      JsonNode before = byToken(client, tried);
      if (before != null && before.path("State").asText().equals("error")) {
        // What failed keeps its token: the next try needs another.
        continue;
      }
      if (before == null) {
        sentBytes = upload(bucket, key, base);
        before = ask(client, bucket, key, tried);
      }
      there = before;
    }
    if (there == null) {
      throw FirnException.failed(
          "region '%s' failed to import snapshot '%s' %d times: look why there, and delete what"
              + " failed",
          target.name(), snapshot.nameOrId(), TRIES_MAX);
    }
    String id = there.path("SnapshotId").asText();
    await(client, id);
    account.regionCopies().add(snapshot, target.name(), id);
    try {
      bucket.delete(key);
    } catch (FirnException e) {
      LOG.warn("The package '{}' stays in its bucket though it was imported", key, e);
    }
    return new Copied(id, target.name(), base == null ? null : base.id(), sentBytes);
  }

  /** Answers how many bytes were sent. */
  private long upload(Bucket bucket, String key, Snapshot base) throws IOException {
    if (bucket.sizeBytes(key) >= 0) {
      return 0;
    }
    ExportOptions options =
        new ExportOptions(PackageFormat.FIRN, base == null ? null : base.id(), null, false, 0);
    try (ObjectOutput out = bucket.write(key, ObjectOutput.bytesMax(account, snapshot))) {
      Exporter.export(account, snapshot.id(), options, out, listener);
      out.complete();
      return out.totalBytes() - out.skippedBytes();
    }
  }

  private JsonNode ask(RegionClient client, Bucket bucket, String key, String token)
      throws IOException {
    String description = snapshot.description();
    ObjectNode parameters =
        RegionClient.parameters()
            .put("FileLocation", bucket.presign(key, URL_VALIDITY).toString())
            .put("SnapshotSize", Math.max(Sizes.MIB, snapshot.sizeBytes()))
            .put(
                "Description",
                description.isEmpty() || description.length() > 255
                    ? "Copy of " + snapshot.id() + " in " + account.info().name()
                    : description)
            .put("ClientToken", token);
    try {
      return client.call("CreateSnapshot", parameters).path("Snapshot");
    } catch (FirnException e) {
      // The answer to an earlier attempt may have been lost: then it is there all the same.
      JsonNode made = byToken(client, token);
      if (made == null) {
        throw e;
      }
      return made;
    }
  }

  private void await(RegionClient client, String id) throws IOException {
    long pauseMillis = POLL_MILLIS_MIN;
    while (true) {
      JsonNode found = byId(client, id);
      String state = found == null ? "gone" : found.path("State").asText();
      if (state.equals("completed")) {
        long gib = (snapshot.sizeBytes() + Sizes.GIB - 1) / Sizes.GIB;
        if (found.path("VolumeSize").asLong() != gib) {
          throw FirnException.corrupt(
              "snapshot %s in region '%s' has %d GiB, not %d",
              id, target.name(), found.path("VolumeSize").asLong(), gib);
        }
        return;
      }
      if (!state.equals("in-queue") && !state.equals("pending")) {
        throw FirnException.failed(
            "region '%s' could not import snapshot '%s': %s there is %s, and 'firn snapshot show'"
                + " there tells why; the same command tries again",
            target.name(), snapshot.nameOrId(), id, state);
      }
      // Asks whether there still is somebody who wants it.
      listener.progress(found.path("Progress").asLong(), 100);
      RegionClient.pause(pauseMillis);
      pauseMillis = Math.min(POLL_MILLIS_MAX, pauseMillis * 3 / 2);
    }
  }

  private static boolean isThere(RegionClient client, String id) throws IOException {
    JsonNode found = byId(client, id);
    return found != null && found.path("State").asText().equals("completed");
  }

  private static JsonNode byId(RegionClient client, String id) throws IOException {
    return only(client, "SnapshotIds", id);
  }

  private static JsonNode byToken(RegionClient client, String token) throws IOException {
    return only(client, "ClientTokens", token);
  }

  private static JsonNode only(RegionClient client, String filter, String value)
      throws IOException {
    ObjectNode parameters = RegionClient.parameters();
    parameters.putObject("Filters").putArray(filter).add(value);
    JsonNode found = client.call("ReadSnapshots", parameters).path("Snapshots");
    return found.isEmpty() ? null : found.get(0);
  }
}
