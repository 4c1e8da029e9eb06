package dev.firn.daemon;

import dev.firn.base.FirnException;
import dev.firn.region.DiskBlocks;
import dev.firn.region.ImportRequest;
import dev.firn.region.Region;
import dev.firn.region.SnapshotImport;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots that are being put together block by block. Nobody sees them before they are completed;
 * they do not outlive the daemon, nor an hour in which nothing comes. Safe for concurrent use.
 */
final class BlockUploads {
  private static final Logger LOG = LoggerFactory.getLogger(BlockUploads.class);
  private static final int UPLOADS_MAX = 100;
  private static final long IDLE_NANOS_MAX = Duration.ofHours(1).toNanos();
  private static final int NAME_BYTES = 12;

  private final SecureRandom random = new SecureRandom();

  /** By name. Guarded by itself. */
  private final Map<String, Upload> uploads = new LinkedHashMap<>();

  /** What a client needs to know. */
  record Started(String upload, long sizeBytes) {}

  private static final class Upload {
    final SnapshotImport session;
    final long disk;
    final long sizeBytes;

    /** Which blocks came. Guarded by the upload. */
    final BitSet blocks = new BitSet();

    /** How many are writing. Guarded by {@link #uploads}, as is the next. */
    int writers;

    long usedNanos = System.nanoTime();

    Upload(SnapshotImport session, long disk, long sizeBytes) {
      this.session = session;
      this.disk = disk;
      this.sizeBytes = sizeBytes;
    }
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Begins one that will be an account's, as which the Region is seen. */
  Started start(
      Region region,
      Long sizeBytes,
      String parent,
      String name,
      String description,
      Map<String, String> tags)
      throws IOException {
    dropIdle();
    long size = sizeBytes == null ? region.snapshot(parent).sizeBytes() : sizeBytes;
    ImportRequest request =
        new ImportRequest(name, size, description, tags, null, null, VolumeKind.BLOCK, null);
    SnapshotImport session = region.beginDisk(request, parent);
    boolean kept = false;
    try {
      long disk = session.target().lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
      Upload upload = new Upload(session, disk, size);
      byte[] id = new byte[NAME_BYTES];
      random.nextBytes(id);
      String key = "upload-" + HexFormat.of().formatHex(id);
      synchronized (uploads) {
        if (uploads.size() >= UPLOADS_MAX) {
          throw FirnException.conflict(
              "%d uploads are under way: complete or abandon one first", UPLOADS_MAX);
        }
        uploads.put(key, upload);
      }
      kept = true;
      return new Started(key, size);
    } finally {
      if (!kept) {
        session.close();
      }
    }
  }

  void put(String key, long index, String sha256, InputStream input) throws IOException {
    Upload upload = use(key);
    try {
      int length = DiskBlocks.lengthOf(index, upload.sizeBytes, "upload '" + key + "'");
      byte[] bytes = input.readNBytes(length + 1);
      if (bytes.length != length) {
        throw FirnException.usage(
            "block %d has %s bytes, and must have %d",
            index, bytes.length > length ? "more" : Integer.toString(bytes.length), length);
      }
      if (!sha256(bytes).equals(sha256.toLowerCase(Locale.ROOT))) {
        throw FirnException.corrupt("block %d does not have its SHA-256; send it again", index);
      }
      upload
          .session
          .target()
          .write(upload.disk, index * DiskBlocks.BLOCK_BYTES, ByteBuffer.wrap(bytes));
      synchronized (upload) {
        upload.blocks.set(Math.toIntExact(index));
      }
    } finally {
      synchronized (uploads) {
        upload.writers--;
        upload.usedNanos = System.nanoTime();
      }
    }
  }

  Snapshot complete(String key, Long changedBlocks) throws IOException {
    Upload upload = take(key, changedBlocks);
    try (SnapshotImport session = upload.session) {
      return session.publish();
    }
  }

  void abandon(String key) throws IOException {
    take(key, null).session.close();
  }

  private Upload use(String key) {
    synchronized (uploads) {
      Upload upload = find(key);
      upload.writers++;
      return upload;
    }
  }

  /** Takes an upload out, to which nobody writes any more. */
  private Upload take(String key, Long changedBlocks) {
    synchronized (uploads) {
      Upload upload = find(key);
      if (upload.writers > 0) {
        throw FirnException.conflict("blocks of '%s' are still coming; try again then", key);
      }
      synchronized (upload) {
        long came = upload.blocks.cardinality();
        if (changedBlocks != null && changedBlocks != came) {
          throw FirnException.conflict(
              "%d blocks were to come, and %d came; put those that are missing",
              changedBlocks, came);
        }
      }
      uploads.remove(key);
      return upload;
    }
  }

  private Upload find(String key) {
    Upload upload = uploads.get(key);
    if (upload == null) {
      throw FirnException.notFound(
          "there is no upload '%s': it ended, or the daemon did; start another",
          SnapshotNames.printable(key));
    }
    return upload;
  }

  private void dropIdle() {
    Map<String, Upload> idle = new LinkedHashMap<>();
    synchronized (uploads) {
      uploads.forEach(
          (key, upload) -> {
            if (upload.writers == 0 && System.nanoTime() - upload.usedNanos > IDLE_NANOS_MAX) {
              idle.put(key, upload);
            }
          });
      uploads.keySet().removeAll(idle.keySet());
    }
    // This may wait for a scrub, and must not fail who comes with another one.
    idle.forEach(
        (key, upload) -> {
          try {
            upload.session.close();
          } catch (IOException | RuntimeException e) {
            LOG.warn("What {} left cannot be removed now", key, e);
          }
        });
  }
}
