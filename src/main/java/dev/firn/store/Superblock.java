package dev.firn.store;

import dev.firn.base.Bytes;
import dev.firn.base.DiskErrors;
import dev.firn.base.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The file from which a volume is opened: two slots of 4,096 bytes, written in turn, each forced
 * before the next; the valid one with the higher sequence counts. A crash in the middle of a write
 * leaves the other slot. A slot of another volume, which a disk wrote to the wrong place, is not
 * valid.
 *
 * <p>A slot: magic u64, version u32, CRC32C u32 of the rest, then the fields of {@link Content}.
 */
public final class Superblock {
  private static final int SLOT_BYTES = 4096;
  private static final long MAGIC = 0x525055534e524946L;
  private static final int BODY = 16;
  private static final int PLACEMENT_BYTES_MAX = 255;

  /** The longest metadata. */
  public static final int METADATA_BYTES_MAX = 3000;

  /**
   * What a slot says.
   *
   * @param head the newest checkpointed root of the volume's tree; null: empty
   * @param snapshots the root of the table of frozen roots; null: empty
   * @param replayFrom where replay of the log begins
   * @param metadata what the layers above keep with the volume, at most {@link
   *     #METADATA_BYTES_MAX}; empty if they never said
   */
  public record Content(
      long sequence,
      long volumeNumber,
      RecordPointer head,
      RecordPointer snapshots,
      LogPosition replayFrom,
      Compression compression,
      String placement,
      byte[] metadata) {}

  private final Path path;
  private final long volumeNumber;

  /**
   * @param volumeNumber whose superblock it is
   */
  public Superblock(Path path, long volumeNumber) {
    this.path = path;
    this.volumeNumber = volumeNumber;
  }

  /**
   * The newest valid content, which is durable on return even if an earlier process died before its
   * force was done. To be called before the first {@link #write}: that goes over the other slot.
   */
  public Content read() throws IOException {
    DurableFiles.force(path);
    return readAll().get(0);
  }

  /** Each slot's content that is valid, the newest first: one at least. */
  public List<Content> readAll() throws IOException {
    byte[] image = new byte[2 * SLOT_BYTES];
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.wrap(image);
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // Read on: a slot that is missing at the end stays zero and does not verify.
      }
    }
    Content first = decode(image, 0, volumeNumber, path);
    Content second = decode(image, SLOT_BYTES, volumeNumber, path);
    if (first == null && second == null) {
      throw new CorruptDataException("both superblocks in '" + path + "' are damaged");
    }
    if (first == null || second == null) {
      return List.of(first == null ? second : first);
    }
    return first.sequence() > second.sequence() ? List.of(first, second) : List.of(second, first);
  }

  /**
   * Writes to the slot that the sequence number chooses; durable on return. Only the first makes
   * the file: a volume that was deleted meanwhile does not come back.
   *
   * @throws NoSpaceException if the disk is full: the other slot counts, and this one may be
   *     written again
   */
  public void write(Content content) throws IOException {
    boolean isFirst = content.sequence() <= 1;
    write(encode(content), content.sequence() % 2 * SLOT_BYTES, isFirst);
    if (isFirst) {
      DurableFiles.force(path.getParent());
    }
  }

  /**
   * Writes this content and takes every other away, however new: for one that is damaged or
   * missing. Durable on return.
   */
  public void restore(Content content) throws IOException {
    byte[] image = new byte[2 * SLOT_BYTES];
    int slot = (int) (content.sequence() % 2);
    System.arraycopy(encode(content), 0, image, slot * SLOT_BYTES, SLOT_BYTES);
    write(image, 0, true);
    DurableFiles.force(path.getParent());
  }

  private void write(byte[] bytes, long offset, boolean create) throws IOException {
    Set<OpenOption> options =
        create
            ? Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE)
            : Set.of(StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(path, options)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      long at = offset;
      while (buffer.hasRemaining()) {
        at += channel.write(buffer, at);
      }
      channel.force(true);
    } catch (NoSuchFileException e) {
      throw new IOException("superblock '" + path + "' is missing", e);
    } catch (IOException e) {
      throw DiskErrors.saysFull(e.getMessage()) ? new NoSpaceException(e.getMessage(), e) : e;
    }
  }

  /** The 4,096 bytes of a slot; also the payload of a CHECKPOINT record. */
  public static byte[] encode(Content content) {
    byte[] slot = new byte[SLOT_BYTES];
    Bytes.putLong(slot, 0, MAGIC);
    Bytes.putInt(slot, 8, FormatVersion.CURRENT);
    int at = BODY;
    Bytes.putLong(slot, at, content.sequence());
    Bytes.putLong(slot, at + 8, content.volumeNumber());
    Bytes.putLong(slot, at + 16, content.replayFrom().segment());
    Bytes.putLong(slot, at + 24, content.replayFrom().offset());
    Bytes.putLong(slot, at + 32, content.replayFrom().nextLsn());
    if (content.head() != null) {
      content.head().encode(slot, at + 40);
    }
    if (content.snapshots() != null) {
      content.snapshots().encode(slot, at + 40 + RecordPointer.BYTES);
    }
    at += 40 + 2 * RecordPointer.BYTES;
    byte[] placement = Bytes.utf8(content.placement());
    if (placement.length > PLACEMENT_BYTES_MAX) {
      throw new IllegalArgumentException("placement name of " + placement.length + " bytes");
    }
    slot[at] = (byte) content.compression().code();
    slot[at + 1] = (byte) placement.length;
    System.arraycopy(placement, 0, slot, at + 2, placement.length);
    at += 2 + placement.length;
    if (content.metadata().length > METADATA_BYTES_MAX) {
      throw new IllegalArgumentException("metadata of " + content.metadata().length + " bytes");
    }
    Bytes.putShort(slot, at, content.metadata().length);
    System.arraycopy(content.metadata(), 0, slot, at + 2, content.metadata().length);
    Bytes.putInt(slot, 12, checksum(slot, 0));
    return slot;
  }

  /**
   * What a slot says; null if it does not verify, or is another volume's.
   *
   * @param where the slot is, for messages
   */
  static Content decode(byte[] image, int start, long volumeNumber, Object where)
      throws IOException {
    if (image.length < start + SLOT_BYTES) {
      return null;
    }
    if (Bytes.getLong(image, start) != MAGIC) {
      return null;
    }
    if (Bytes.getInt(image, start + 12) != checksum(image, start)) {
      return null;
    }
    int version = Bytes.getInt(image, start + 8);
    if (version > FormatVersion.CURRENT) {
      throw new NewerFormatException(
          String.format(
              "'%s' was written by a newer Firn (format %d; this one knows %d): upgrade Firn",
              where, version, FormatVersion.CURRENT));
    }
    int at = start + BODY;
    if (Bytes.getLong(image, at + 8) != volumeNumber) {
      return null;
    }
    int names = at + 40 + 2 * RecordPointer.BYTES;
    int placementLength = image[names + 1] & 0xff;
    int metadata = names + 2 + placementLength;
    int metadataLength = Math.min(Bytes.getShort(image, metadata), METADATA_BYTES_MAX);
    return new Content(
        Bytes.getLong(image, at),
        Bytes.getLong(image, at + 8),
        RecordPointer.decode(image, at + 40),
        RecordPointer.decode(image, at + 40 + RecordPointer.BYTES),
        new LogPosition(
            Bytes.getLong(image, at + 16),
            Bytes.getLong(image, at + 24),
            Bytes.getLong(image, at + 32)),
        Compression.ofCode(image[names]),
        Bytes.text(Arrays.copyOfRange(image, names + 2, metadata)),
        Arrays.copyOfRange(image, metadata + 2, metadata + 2 + metadataLength));
  }

  private static int checksum(byte[] image, int start) {
    return RecordFormat.checksum(
        MAGIC, Bytes.getInt(image, start + 8), image, start + BODY, SLOT_BYTES - BODY);
  }
}
