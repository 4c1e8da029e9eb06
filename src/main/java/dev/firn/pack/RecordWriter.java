package dev.firn.pack;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes the records of a tree and the contents of its files, and counts them. Blocks of zeros are
 * holes whether the store has them or not. For one thread.
 *
 * <p>Invariant: the extents in a member of the tree lie in the member of the data right behind it,
 * so both end together, when one of them is full. Whoever reads them in order never has to keep
 * either for later.
 */
final class RecordWriter implements Closeable {
  private static final int READ_BYTES = 1 << 20;
  private static final byte[] ZEROS = new byte[PackageLayout.HOLE_BYTES];

  private final FileSystem source;
  private final FrameWriter frames;
  private final TreeEncoder tree;
  private final Progress progress;
  private final FileReader reader;

  private byte[] data;
  private int dataLength;
  private int dataMember;

  /** Where frames end in the data, in ascending order. */
  private final int[] frameEnds = new int[PackageLayout.DATA_FRAMES_MAX];

  private int frameCount;

  private long directories;
  private long files;
  private long symbolicLinks;
  private long others;
  private long hardLinks;
  private long extents;
  private long logicalBytes;
  private long dataBytes;

  // The extent that is still growing: contiguous both in the file and in its member.
  private long extentOffset;
  private int extentLength;

  // The same for a hole.
  private long holeOffset;
  private long holeLength;

  /**
   * @param target gets the members
   */
  RecordWriter(FileSystem source, OutputStream target, Progress progress) {
    this.source = source;
    this.progress = progress;
    this.frames = new FrameWriter(target);
    this.tree = new TreeEncoder(frames::submitTree);
    this.reader = new FileReader(source, READ_BYTES);
    this.data = frames.dataBuffer();
  }

  /** Writes a record that is not counted. Not while an extent grows. */
  void write(TreeRecord record) throws IOException {
    if (!tree.fits(record)) {
      cut();
    }
    tree.write(record);
  }

  private void cut() throws IOException {
    tree.cut();
    if (dataLength > 0) {
      endFrame(dataLength);
      frames.submitData(data, Arrays.copyOf(frameEnds, frameCount));
      data = frames.dataBuffer();
      dataLength = 0;
      frameCount = 0;
      dataMember++;
    }
  }

  /** An inode at its first name, with all that is in it. */
  void inode(long parentOrdinal, byte[] name, Attributes attributes) throws IOException {
    int type = attributes.mode() & FileMode.TYPE_MASK;
    byte[] target = new byte[0];
    switch (type) {
      case FileMode.DIRECTORY -> directories++;
      case FileMode.REGULAR -> files++;
      case FileMode.SYMBOLIC_LINK -> {
        symbolicLinks++;
        target = source.readLink(attributes.inode());
      }
      default -> others++;
    }
    boolean device = type == FileMode.CHARACTER_DEVICE || type == FileMode.BLOCK_DEVICE;
    write(
        new TreeRecord.Inode(
            parentOrdinal,
            attributes.mode(),
            attributes.uid(),
            attributes.gid(),
            device ? attributes.device() : 0,
            type == FileMode.DIRECTORY ? 1 : (int) attributes.linkCount(),
            type == FileMode.REGULAR ? attributes.sizeBytes() : 0,
            attributes.modifySeconds(),
            attributes.modifyNanos(),
            attributes.accessSeconds(),
            attributes.accessNanos(),
            name,
            target));
    // Content before attributes: a write may take privileges away that the attributes give.
    if (type == FileMode.REGULAR) {
      logicalBytes = Manifest.Counts.addLength(logicalBytes, attributes.sizeBytes());
      content(attributes.inode(), attributes.sizeBytes());
    }
    xattrs(attributes.inode());
  }

  /** A further name of an inode. */
  void link(long parentOrdinal, long ordinal, byte[] name) throws IOException {
    hardLinks++;
    write(new TreeRecord.Link(parentOrdinal, ordinal, name));
  }

  /** Counts a file that changes, whose content comes as {@link #block}s. */
  void changedFile(long sizeBytes) {
    logicalBytes = Manifest.Counts.addLength(logicalBytes, sizeBytes);
  }

  void xattrs(long inode) throws IOException {
    List<byte[]> names = new ArrayList<>(source.listXattrs(inode));
    names.sort(Arrays::compareUnsigned);
    for (byte[] name : names) {
      write(new TreeRecord.Xattr(name, source.getXattr(inode, name)));
    }
  }

  /** What was written. */
  record Written(Manifest.Counts counts, List<Manifest.Member> members) {}

  /** Ends the tree and waits for all members. */
  Written finish() throws IOException {
    long inodes = directories + files + symbolicLinks + others;
    write(new TreeRecord.End(inodes, hardLinks, extents, dataBytes));
    cut();
    Manifest.Counts counts =
        new Manifest.Counts(
            directories, files, symbolicLinks, others, hardLinks, logicalBytes, dataBytes);
    return new Written(counts, frames.finish());
  }

  @Override
  public void close() {
    frames.close();
  }

  private void content(long inode, long sizeBytes) throws IOException {
    reader.begin(inode, sizeBytes, PackageLayout.HOLE_BYTES);
    while (reader.next()) {
      for (int at = 0; at < reader.length(); at += PackageLayout.HOLE_BYTES) {
        int length = Math.min(PackageLayout.HOLE_BYTES, reader.length() - at);
        if (!isZero(reader.bytes(), at, length)) {
          append(reader.offset() + at, reader.bytes(), at, length);
        }
      }
    }
    flushExtent();
  }

  /**
   * A block of a file in the base that is another now; blocks come in ascending order, and {@link
   * #endBlocks} behind the last.
   *
   * @param length of the file's last block it may be less than {@link PackageLayout#HOLE_BYTES}
   */
  void block(long offset, ByteBuffer bytes, int at, int length) throws IOException {
    if (isZero(bytes.array(), at, length)) {
      flushExtent();
      if (holeLength > 0 && holeOffset + holeLength != offset) {
        flushHole();
      }
      holeOffset = holeLength == 0 ? offset : holeOffset;
      holeLength += length;
    } else {
      flushHole();
      append(offset, bytes.array(), at, length);
    }
  }

  void endBlocks() throws IOException {
    flushExtent();
    flushHole();
  }

  private static boolean isZero(byte[] bytes, int at, int length) {
    return Arrays.equals(bytes, at, at + length, ZEROS, 0, length);
  }

  private void append(long offset, byte[] bytes, int from, int length) throws IOException {
    if (extentLength > 0 && extentOffset + extentLength != offset) {
      flushExtent();
    }
    for (int done = 0; done < length; ) {
      int count = Math.min(length - done, data.length - dataLength);
      if (extentLength == 0) {
        extentOffset = offset + done;
      }
      System.arraycopy(bytes, from + done, data, dataLength, count);
      dataLength += count;
      extentLength += count;
      done += count;
      if (dataLength == data.length) {
        flushExtent();
        cut();
      }
    }
    dataBytes += length;
    progress.advance(length);
  }

  private void flushExtent() throws IOException {
    if (extentLength > 0) {
      TreeRecord.Extent extent =
          new TreeRecord.Extent(extentOffset, extentLength, dataMember, dataLength - extentLength);
      tree.write(extent);
      extents++;
      cutIntoFrames();
      extentLength = 0;
      if (!tree.fits(extent)) {
        cut();
      }
    }
  }

  /** Ends frames where those of the extent that has just ended are to. */
  private void cutIntoFrames() {
    long end = extentOffset + extentLength;
    int at = dataLength - extentLength;
    for (long from = extentOffset; from < end; ) {
      int room = PackageLayout.FRAME_BYTES - (int) (from % PackageLayout.FRAME_BYTES);
      int count = (int) Math.min(room, end - from);
      if (count >= PackageLayout.OWN_FRAME_BYTES_MIN) {
        endFrame(at);
        endFrame(at + count);
      }
      from += count;
      at += count;
    }
  }

  /** Ends a frame there, unless one ends there already. */
  private void endFrame(int at) {
    int last = frameCount == 0 ? 0 : frameEnds[frameCount - 1];
    if (at > last) {
      frameEnds[frameCount++] = at;
    }
  }

  private void flushHole() throws IOException {
    if (holeLength > 0) {
      write(new TreeRecord.Hole(holeOffset, holeLength));
      holeLength = 0;
    }
  }
}
