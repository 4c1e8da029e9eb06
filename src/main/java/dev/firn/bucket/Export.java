package dev.firn.bucket;

import dev.firn.base.FirnException;
import dev.firn.pack.ImageExporter;
import dev.firn.pack.ImageFormat;
import dev.firn.pack.ProgressListener;
import dev.firn.region.ExportTask;
import dev.firn.region.Image;
import dev.firn.region.Region;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One export to a bucket, at work: {@link #run} on one thread, {@link #cancel} from any.
 *
 * <p>A failure leaves no object and no upload. An interruption by the daemon's end leaves the
 * upload, with which the next start goes on.
 */
final class Export {
  private static final Logger LOG = LoggerFactory.getLogger(Export.class);
  private static final Duration PRESIGNED = Duration.ofDays(7);

  private final Transfers transfers;
  private final ExportTask task;
  private final Region account;

  private volatile boolean cancelled;

  /** What is being written; null: nothing. */
  private volatile ObjectOutput output;

  Export(Transfers transfers, ExportTask task) {
    this.transfers = transfers;
    this.task = task;
    this.account = transfers.home().as(task.accountId());
  }

  void cancel() {
    cancelled = true;
  }

  /** The daemon stops: nothing waits for a bucket any more. */
  void stop() {
    ObjectOutput now = output;
    if (now != null) {
      now.close();
    }
  }

  void run() {
    try {
      // Cancelled while it waited; an earlier daemon may have begun it.
      boolean over = account.exportTasks().task(task.id()).state().isOver();
      if (over && task.state() == ExportTask.State.PENDING) {
        return;
      }
      account.exportTasks().progress(task, task.progress());
      Settings settings = Settings.read(transfers.home().home());
      BucketAddress address =
          settings.bucketAddress(
              BucketAddress.endpoint(task.target().endpoint()),
              task.target().keyId(),
              account.exportTasks().secretKey(task));
      try (Bucket bucket = Bucket.open(address, task.target().bucket())) {
        if (over) {
          clean(bucket);
        } else {
          run(bucket);
        }
      }
    } catch (IOException | RuntimeException e) {
      failed(e);
    }
  }

  private void run(Bucket bucket) throws IOException {
    try {
      String manifest = null;
      if (isOfImage()) {
        manifest = writeImage(bucket);
      } else {
        Snapshot snapshot = account.snapshot(task.resourceId());
        writeSnapshot(bucket, snapshot, 0, 1);
      }
      if (!account.exportTasks().end(task, ExportTask.State.COMPLETED, null, manifest)) {
        cancelled = true;
        checkWanted();
      }
      LOG.info("Task {} is completed", task.id());
    } catch (IOException | RuntimeException e) {
      if (!transfers.stopping()) {
        clean(bucket);
      }
      throw e;
    }
  }

  /** Answers where the manifest is. */
  private String writeImage(Bucket bucket) throws IOException {
    Image image = account.images().own(task.resourceId());
    List<ImageManifest.Disk> disks = new ArrayList<>();
    List<Image.Mapping> mappings =
        image.mappings().stream().filter(each -> each.snapshotId() != null).toList();
    for (Image.Mapping mapping : mappings) {
      Snapshot snapshot = account.snapshot(mapping.snapshotId());
      String key = writeSnapshot(bucket, snapshot, disks.size(), mappings.size());
      URI location = bucket.presign(key, PRESIGNED);
      disks.add(
          new ImageManifest.Disk(
              mapping, location.toString(), key, bucket.sizeBytes(key), snapshot.sizeBytes()));
    }
    String key = manifestKey();
    byte[] manifest = ImageManifest.of(image, disks).json();
    try (ObjectOutput out = bucket.write(key, manifest.length)) {
      out.write(manifest);
      out.complete();
    }
    return bucket.location(key).toString();
  }

  private String writeSnapshot(Bucket bucket, Snapshot snapshot, int before, int all)
      throws IOException {
    if (snapshot.state() != SnapshotState.COMPLETED) {
      throw FirnException.conflict(
          "snapshot %s is %s, not completed", snapshot.id(), snapshot.state().text());
    }
    String key = key(snapshot.id());
    long bytesMax = ObjectOutput.bytesMax(account, snapshot);
    Throttle throttle =
        new Throttle(
            percent -> account.exportTasks().progress(task, (100 * before + percent) / all));
    ProgressListener listener = (done, total) -> checkWanted();
    try (ObjectOutput out = bucket.write(key, bytesMax)) {
      output = out;
      OutputStream watched = new Watched(out, throttle, bytesMax);
      ImageExporter.export(
          account, snapshot.id(), format(), watched, transfers.mounter(), listener);
      checkWanted();
      out.complete();
      if (out.skippedBytes() > 0) {
        LOG.info("Task {} went on behind {} bytes", task.id(), out.skippedBytes());
      }
    } finally {
      output = null;
    }
    return key;
  }

  /** Looks with each write whether it still is wanted, and tells how far it has come. */
  private final class Watched extends FilterOutputStream {
    private final Throttle throttle;
    private final long bytesMax;
    private long bytes;

    Watched(OutputStream target, Throttle throttle, long bytesMax) {
      super(target);
      this.throttle = throttle;
      this.bytesMax = bytesMax;
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      checkWanted();
      out.write(source, offset, length);
      bytes += length;
      throttle.told(bytes, bytesMax);
    }
  }

  private boolean isOfImage() {
    return Image.isId(task.resourceId());
  }

  private ImageFormat format() {
    return task.target().diskFormat().equals("raw") ? ImageFormat.RAW_GZ : ImageFormat.QCOW2_GZ;
  }

  private String key(String snapshotId) {
    return task.target().prefix() + snapshotId + suffix() + "." + format().text();
  }

  private String manifestKey() {
    return task.target().prefix() + task.resourceId() + suffix() + ".json";
  }

  /** All that the task writes; of an image that is gone only what is known without it. */
  private List<String> keys() {
    if (!isOfImage()) {
      return List.of(key(task.resourceId()));
    }
    List<String> keys = new ArrayList<>(List.of(manifestKey()));
    account.images().all().stream()
        .filter(image -> image.id().equals(task.resourceId()))
        .flatMap(image -> image.mappings().stream())
        .filter(mapping -> mapping.snapshotId() != null)
        .forEach(mapping -> keys.add(key(mapping.snapshotId())));
    return keys;
  }

  /** What tells apart the objects of one task from those of others: -01234567. */
  private String suffix() {
    return task.id().substring(task.id().lastIndexOf('-'));
  }

  private void checkWanted() {
    if (cancelled || transfers.stopping()) {
      throw FirnException.conflict("the export has ended");
    }
  }

  private void clean(Bucket bucket) {
    for (String key : keys()) {
      try {
        bucket.abort(key);
        bucket.delete(key);
      } catch (RuntimeException e) {
        LOG.warn("Something of task {} may be left in its bucket as '{}'", task.id(), key, e);
      }
    }
  }

  private void failed(Exception e) {
    if (transfers.stopping()) {
      LOG.info("Task {} goes on at the next start", task.id());
    } else if (cancelled) {
      LOG.info("Task {} was cancelled", task.id());
    } else {
      LOG.warn("Task {} failed", task.id(), e);
      String comment = e instanceof FirnException ? e.getMessage() : Transfers.INTERNAL;
      account.exportTasks().end(task, ExportTask.State.FAILED, comment, null);
    }
  }
}
