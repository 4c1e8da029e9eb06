package dev.firn.bucket;

import dev.firn.base.DaemonThreads;
import dev.firn.base.FirnException;
import dev.firn.pack.TreeMounter;
import dev.firn.region.ExportTask;
import dev.firn.region.Image;
import dev.firn.region.Region;
import dev.firn.region.RemoteImports;
import dev.firn.snapshot.ClientToken;
import dev.firn.snapshot.Snapshot;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does in the background what accounts ask for: exports to buckets, and imports from URLs. Safe for
 * concurrent use.
 *
 * <p>Each task has a row before this knows of it, and what is not over when the daemon ends is done
 * at the next start: an export goes on with what its upload has already, an import begins anew.
 */
public final class Transfers implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Transfers.class);
  private static final int WORKERS = 2;
  private static final long CLOSE_SECONDS_MAX = 30;
  static final String INTERNAL = "Firn ran into an error that its log tells";

  private final Region home;
  private final TreeMounter mounter;
  private final ExecutorService exporters =
      Executors.newFixedThreadPool(WORKERS, DaemonThreads.named("bucket-exports"));
  private final ExecutorService importers =
      Executors.newFixedThreadPool(WORKERS, DaemonThreads.named("bucket-imports"));

  /** Exports at work, by the tasks' ids. */
  private final ConcurrentHashMap<String, Export> running = new ConcurrentHashMap<>();

  private volatile boolean stopping;

  /**
   * @param home as no account in particular sees it; it stays open longer than this
   * @param mounter lets the programs that make images at the snapshots
   */
  public Transfers(Region home, TreeMounter mounter) {
    this.home = home;
    this.mounter = mounter;
  }

  /** Begins what was not over when the daemon ended. */
  public void resume() throws IOException {
    home.exportTasks().unfinished().forEach(this::enqueue);
    home.remoteImports().unfinished().forEach(this::enqueue);
  }

  /**
   * A place in the bucket service of the home's settings.
   *
   * @throws FirnException FAILED if the settings name none
   */
  public ExportTask.Target target(String diskFormat, String bucket, String prefix, String keyId)
      throws IOException {
    URI endpoint = Settings.read(home.home()).bucketEndpoint();
    return new ExportTask.Target(
        diskFormat, endpoint.toString(), bucket, prefix == null ? "" : prefix, keyId);
  }

  /** Asks for the export of a snapshot that the account owns. */
  public ExportTask exportSnapshot(
      Region account, String snapshotId, ExportTask.Target target, String secretKey)
      throws IOException {
    return begun(account.exportTasks().beginSnapshot(snapshotId, target, secretKey));
  }

  /** Asks for the export of an image that the account owns, with its manifest. */
  public ExportTask exportImage(
      Region account, String imageId, ExportTask.Target target, String secretKey)
      throws IOException {
    return begun(account.exportTasks().beginImage(imageId, target, secretKey));
  }

  private ExportTask begun(ExportTask task) {
    enqueue(task);
    return task;
  }

  /**
   * Ends an export of the account's; nothing of it stays in the bucket.
   *
   * @throws FirnException CONFLICT if it is over
   */
  public ExportTask cancel(Region account, String taskId) {
    ExportTask task = account.exportTasks().task(taskId);
    if (task.state().isOver()
        || !account.exportTasks().end(task, ExportTask.State.CANCELLED, null, null)) {
      throw FirnException.conflict(
          "task %s is %s: it cannot be cancelled any more",
          task.id(), account.exportTasks().task(taskId).state().text());
    }
    Export export = running.get(task.id());
    if (export != null) {
      export.cancel();
    }
    return account.exportTasks().task(taskId);
  }

  /** FirnException USAGE if a text is no URL that something could be read from. */
  public static void checkLocation(String location) {
    RemoteFile.parse(location);
  }

  /** FirnException USAGE if {@link #importSnapshot} would refuse it at once. */
  public static void checkImport(String location, long sizeBytes) {
    Import.check(location, sizeBytes);
  }

  /**
   * Asks for a snapshot with what is behind a URL.
   *
   * @param sizeBytes of the volume; what is larger is refused
   * @param token kept in the step that makes the snapshot's row; null: none
   * @throws FirnException USAGE if it is no URL, or the size no size of a disk
   */
  public Snapshot importSnapshot(
      Region account, String location, long sizeBytes, String description, ClientToken token)
      throws IOException {
    checkImport(location, sizeBytes);
    Snapshot row =
        account.remoteImports().request(description, Import.diskBytes(sizeBytes), location, token);
    enqueue(new RemoteImports.Pending(row, location));
    return row;
  }

  /**
   * Makes an image of the account's with what a manifest behind a URL says; its snapshots come
   * later.
   *
   * @param wanted what the request says; null where it says nothing
   */
  public Image importImage(Region account, String location, ImageRequest wanted)
      throws IOException {
    AddressRules rules = Settings.read(home.home()).addressRules();
    ImageManifest manifest;
    try {
      manifest = ImageManifest.fetch(location, rules);
    } catch (FirnException e) {
      throw e.because("bad-location");
    }
    Map<String, Image.Source> sources = manifest.locations();
    Image made = account.images().createFrom(wanted.applied(manifest), sources);
    for (Image.Mapping mapping : made.mappings()) {
      enqueue(
          new RemoteImports.Pending(
              account.snapshot(mapping.snapshotId()),
              sources.get(mapping.deviceName()).location()));
    }
    return made;
  }

  boolean stopping() {
    return stopping;
  }

  /** CONFLICT once the daemon stops. */
  void checkGoesOn() {
    if (stopping) {
      throw FirnException.conflict("the daemon is stopping");
    }
  }

  TreeMounter mounter() {
    return mounter;
  }

  Region home() {
    return home;
  }

  private void enqueue(ExportTask task) {
    Export export = new Export(this, task);
    running.put(task.id(), export);
    run(
        exporters,
        () -> {
          try {
            export.run();
          } finally {
            running.remove(task.id());
          }
        });
  }

  private void enqueue(RemoteImports.Pending pending) {
    run(importers, () -> new Import(this, pending).run());
  }

  private void run(ExecutorService workers, Runnable work) {
    try {
      workers.execute(
          () -> {
            if (!stopping) {
              work.run();
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.info("What is asked for now is done at the next start");
    }
  }

  /**
   * Has what runs end soon; the next start goes on with it. Nothing is interrupted, which would
   * close the store's files.
   */
  @Override
  public void close() {
    stopping = true;
    exporters.shutdown();
    importers.shutdown();
    running.values().forEach(Export::stop);
    try {
      if (!exporters.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS)
          || !importers.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS)) {
        LOG.warn("Transfers did not end within {} seconds", CLOSE_SECONDS_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
