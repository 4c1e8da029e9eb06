package dev.firn.bucket;

import dev.firn.base.DaemonThreads;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.Region;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.Part;

/**
 * Writes one object in parts. One part is sent while the next is filled. For one thread.
 *
 * <p>Nothing of the object shows before {@link #complete}. What was sent stays when this is closed
 * without that, and the next upload of the same key takes it over, part by part, where the bytes
 * are the same by their MD5; {@link Bucket#abort(String)} takes it away instead.
 */
public final class ObjectOutput extends OutputStream {
  private static final int PART_BYTES_MIN = 16 << 20;
  private static final long PARTS_PLANNED = 9_000;
  private static final int PARTS_MAX = 10_000;
  private static final long PART_BYTES_STEP = 1 << 20;

  /** Of larger parts there is only one in memory: it is sent before the next is filled. */
  private static final int TWO_PARTS_BYTES_MAX = 32 << 20;

  /** Of the heap, in which two exports of the largest parts leave room for everything else. */
  private static final int HEAP_PART = 3;

  private static final int OVERHEAD_PART = 32;
  private static final int ZEROS_PART = 512;

  private final Bucket bucket;
  private final String key;
  private final ExecutorService sender =
      Executors.newSingleThreadExecutor(DaemonThreads.named("upload"));
  private final MessageDigest md5;
  private final List<CompletedPart> sent = new ArrayList<>();

  /** What an interrupted upload has sent, by the parts' numbers. */
  private final Map<Integer, Part> present = new HashMap<>();

  private byte[] part;
  private byte[] other;
  private int length;
  private int number;
  private long totalBytes;
  private long skippedBytes;
  private String upload;
  private Future<?> sending;

  ObjectOutput(Bucket bucket, String key, long bytesMax) throws IOException {
    this.bucket = bucket;
    this.key = key;
    long bytes = Math.max(PART_BYTES_MIN, bytesMax / PARTS_PLANNED);
    bytes = Math.min(1 << 30, (bytes + PART_BYTES_STEP - 1) / PART_BYTES_STEP * PART_BYTES_STEP);
    if (bytes > Runtime.getRuntime().maxMemory() / HEAP_PART) {
      throw FirnException.failed(
          "'%s' may have %s, and a part of it, %s, does not fit into memory; export to a file, and"
              + " upload that",
          key, Sizes.format(bytesMax), Sizes.format(bytes));
    }
    part = new byte[(int) bytes];
    try {
      md5 = MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    boolean done = false;
    try {
      takeOver();
      done = true;
    } finally {
      if (!done) {
        sender.shutdown();
      }
    }
  }

  /**
   * About how many bytes a snapshot has at most when it is exported, in whatever form: what it
   * holds, tables and headers, and holes as zeros that are compressed.
   */
  public static long bytesMax(Region account, Snapshot snapshot) throws IOException {
    try (FileSystem files = account.openSnapshot(snapshot.id(), "a look at its size")) {
      FileSystemStatus status = files.status();
      long usedBytes = status.totalBytes() - status.freeBytes();
      return usedBytes
          + usedBytes / OVERHEAD_PART
          + snapshot.sizeBytes() / ZEROS_PART
          + PART_BYTES_MIN;
    }
  }

  private void takeOver() {
    List<MultipartUpload> uploads = bucket.uploads(key);
    for (int i = 0; i < uploads.size(); i++) {
      String found = uploads.get(i).uploadId();
      if (i < uploads.size() - 1) {
        bucket.abort(key, found);
      } else {
        upload = found;
        bucket.parts(key, found).forEach(each -> present.put(each.partNumber(), each));
      }
    }
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] source, int start, int count) throws IOException {
    int from = start;
    int left = count;
    while (left > 0) {
      if (length == part.length) {
        flushPart();
      }
      int now = Math.min(left, part.length - length);
      System.arraycopy(source, from, part, length, now);
      length += now;
      from += now;
      left -= now;
    }
  }

  /** How many bytes the object has, once it is complete. */
  public long totalBytes() {
    return totalBytes;
  }

  /** How many bytes were there already, of an interrupted upload. */
  long skippedBytes() {
    return skippedBytes;
  }

  /** Sends what is left, puts the object together, and looks whether it is there in its length. */
  public void complete() throws IOException {
    if (number == 0 && upload == null) {
      totalBytes = length;
      bucket.put(key, part, length, Base64.getEncoder().encodeToString(digest()));
    } else {
      if (length > 0 || number == 0) {
        flushPart();
      }
      awaitSent();
      bucket.completeUpload(key, upload, sent);
    }
    long found = bucket.sizeBytes(key);
    if (found != totalBytes) {
      throw FirnException.corrupt(
          "the bucket has %d bytes of '%s', of which %d were written", found, key, totalBytes);
    }
  }

  /** Ends the work; any thread may. What was sent of an object that is not complete stays. */
  @Override
  public void close() {
    sender.shutdownNow();
  }

  private byte[] digest() {
    md5.update(part, 0, length);
    return md5.digest();
  }

  private void flushPart() throws IOException {
    number++;
    if (number > PARTS_MAX) {
      throw FirnException.noSpace("'%s' has more than %d parts: it is too large", key, PARTS_MAX);
    }
    totalBytes += length;
    byte[] digest = digest();
    Part there = present.get(number);
    awaitSent();
    if (there != null
        && there.size() == length
        && plain(there.eTag()).equals(HexFormat.of().formatHex(digest))) {
      skippedBytes += length;
      sent.add(CompletedPart.builder().partNumber(number).eTag(there.eTag()).build());
    } else {
      send(digest);
    }
    length = 0;
  }

  private void send(byte[] digest) throws IOException {
    if (upload == null) {
      upload = bucket.beginUpload(key);
    }
    byte[] bytes = part;
    int count = length;
    int which = number;
    String sum = Base64.getEncoder().encodeToString(digest);
    boolean both = bytes.length <= TWO_PARTS_BYTES_MAX;
    if (both) {
      part = other == null ? new byte[bytes.length] : other;
      other = bytes;
    }
    sending =
        sender.submit(
            () -> {
              String tag = bucket.sendPart(key, upload, which, bytes, count, sum);
              sent.add(CompletedPart.builder().partNumber(which).eTag(tag).build());
            });
    if (!both) {
      awaitSent();
    }
  }

  private void awaitSent() throws IOException {
    if (sending == null) {
      return;
    }
    try {
      sending.get();
      sending = null;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a part was sent");
    }
  }

  private static String plain(String entityTag) {
    return entityTag.replace("\"", "");
  }
}
