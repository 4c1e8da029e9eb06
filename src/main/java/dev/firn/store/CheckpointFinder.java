package dev.firn.store;

import dev.firn.base.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Finds the copies of a volume's superblock in its log, for when the superblock itself is lost.
 * Reads all of the volume's segments. For one thread.
 */
public final class CheckpointFinder {
  private static final int WINDOW_BYTES = 1 << 20;

  private final SegmentStore store;
  private final RecordReader reader;

  public CheckpointFinder(SegmentStore store, RecordReader reader) {
    this.store = store;
    this.reader = reader;
  }

  /**
   * All copies that verify, the newest first. What they lead to need not be whole: the newest may
   * have been written shortly before a crash, and of older ones space was given back.
   */
  public List<Superblock.Content> find(long volumeNumber) throws IOException {
    List<Superblock.Content> found = new ArrayList<>();
    for (long segment : store.list()) {
      if (LogPosition.volumeOf(segment) == volumeNumber) {
        search(segment, found);
      }
    }
    found.sort(Comparator.comparingLong(Superblock.Content::sequence).reversed());
    return found;
  }

  private void search(long segment, List<Superblock.Content> found) throws IOException {
    long length = store.length(segment);
    byte[] window = new byte[WINDOW_BYTES];
    for (long start = 0; start < length; ) {
      int count = store.read(segment, start, ByteBuffer.wrap(window));
      int at = 0;
      while (at + RecordFormat.HEADER_BYTES <= count) {
        RecordFormat.Header header =
            Bytes.getInt(window, at) == RecordFormat.MAGIC
                ? RecordFormat.parse(window, at, segment, start + at)
                : null;
        if (header == null) {
          at += RecordFormat.ALIGNMENT;
          continue;
        }
        if (header.type() == RecordType.CHECKPOINT) {
          add(header.at(segment, start + at), found);
        }
        at += header.recordBytes();
      }
      // A header may lie across the window's end.
      start += Math.max(at, RecordFormat.ALIGNMENT);
    }
  }

  private void add(RecordPointer pointer, List<Superblock.Content> found) throws IOException {
    try {
      Superblock.Content content =
          Superblock.decode(
              reader.read(RecordType.CHECKPOINT, pointer),
              0,
              LogPosition.volumeOf(pointer.segment()),
              pointer);
      if (content != null) {
        found.add(content);
      }
    } catch (CorruptDataException e) {
      // Not one that helps.
    }
  }
}
