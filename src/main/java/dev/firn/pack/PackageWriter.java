package dev.firn.pack;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a snapshot as a firn package. The manifest stands first and vouches for all the rest, so
 * the rest is made first, in a spool. Equal trees give equal members, whatever the layout of the
 * store they come from: names are sorted, inodes are numbered by the walk, and blocks of zeros are
 * holes whether they are stored or not.
 */
final class PackageWriter implements TreeWalker.Visitor {
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

  private long directories;
  private long files;
  private long symbolicLinks;
  private long others;
  private long hardLinks;
  private long extents;
  private long logicalBytes;
  private long dataBytes;

  private PackageWriter(FileSystem source, Spool spool, Progress progress) {
    this.source = source;
    this.progress = progress;
    this.frames = new FrameWriter(spool);
    this.tree = new TreeEncoder(frames);
    this.reader = new FileReader(source, READ_BYTES);
    this.data = frames.buffer();
  }

  /**
   * Writes all of the package; does not close {@code target}.
   *
   * @param spoolDirectory on a disk with room for the package
   */
  static void write(
      FileSystem source,
      Manifest.SnapshotPart snapshot,
      Manifest.VolumePart volume,
      OutputStream target,
      Path spoolDirectory,
      Progress progress)
      throws IOException {
    try (Spool spool = new Spool(spoolDirectory)) {
      PackageWriter writer = new PackageWriter(source, spool, progress);
      try {
        writer.run();
        writer.assemble(spool, snapshot, volume, target);
      } finally {
        writer.frames.close();
      }
    }
  }

  private void run() throws IOException {
    TreeWalker.walk(source, this);
    long inodes = directories + files + symbolicLinks + others;
    tree.write(new TreeRecord.End(inodes, hardLinks, extents, dataBytes));
    tree.finish();
    if (dataLength > 0) {
      frames.submit(false, data, dataLength);
    }
    frames.finish();
  }

  private void assemble(
      Spool spool, Manifest.SnapshotPart snapshot, Manifest.VolumePart volume, OutputStream target)
      throws IOException {
    List<FrameWriter.Spooled> spooled = new ArrayList<>(frames.treeMembers());
    spooled.addAll(frames.dataMembers());
    Manifest manifest =
        Manifest.full(
            snapshot,
            volume,
            new Manifest.Counts(
                directories, files, symbolicLinks, others, hardLinks, logicalBytes, dataBytes),
            spooled.stream().map(FrameWriter.Spooled::member).toList());
    byte[] json = manifest.toJson();
    PackageTar.write(target, PackageLayout.MANIFEST, json);
    PackageTar.write(target, PackageLayout.MANIFEST_DIGEST, digestFile(json));
    for (FrameWriter.Spooled member : spooled) {
      target.write(PackageTar.header(member.member().name(), member.member().bytes()));
      spool.copyTo(member.offset(), member.member().bytes(), target);
      PackageTar.pad(target, member.member().bytes());
    }
    PackageTar.end(target);
  }

  /** The manifest's digest as sha256sum writes and checks it. */
  static byte[] digestFile(byte[] manifest) {
    return (Digests.sha256(manifest, manifest.length) + "  " + PackageLayout.MANIFEST + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void inode(Place place, Attributes attributes) throws IOException {
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
    tree.write(
        new TreeRecord.Inode(
            place.parentOrdinal(),
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
            place.name(),
            target));
    // Content before attributes: a write may take privileges away that the attributes give.
    if (type == FileMode.REGULAR) {
      logicalBytes = Manifest.Counts.addLength(logicalBytes, attributes.sizeBytes());
      writeContent(attributes.inode(), attributes.sizeBytes());
    }
    List<byte[]> names = new ArrayList<>(source.listXattrs(attributes.inode()));
    names.sort(Arrays::compareUnsigned);
    for (byte[] name : names) {
      tree.write(new TreeRecord.Xattr(name, source.getXattr(attributes.inode(), name)));
    }
  }

  @Override
  public void link(Place place, Attributes attributes, Place first) throws IOException {
    hardLinks++;
    tree.write(new TreeRecord.Link(place.parentOrdinal(), first.ordinal(), place.name()));
  }

  private void writeContent(long inode, long sizeBytes) throws IOException {
    reader.begin(inode, sizeBytes, PackageLayout.HOLE_BYTES);
    while (reader.next()) {
      long runStart = -1;
      int from = 0;
      for (int at = 0; at < reader.length(); at += PackageLayout.HOLE_BYTES) {
        int blockBytes = Math.min(PackageLayout.HOLE_BYTES, reader.length() - at);
        boolean zero = Arrays.equals(reader.bytes(), at, at + blockBytes, ZEROS, 0, blockBytes);
        if (zero && runStart >= 0) {
          append(runStart, from, at - from);
          runStart = -1;
        } else if (!zero && runStart < 0) {
          runStart = reader.offset() + at;
          from = at;
        }
      }
      if (runStart >= 0) {
        append(runStart, from, reader.length() - from);
      }
    }
    flushExtent();
  }

  // The extent that is still growing: contiguous both in the file and in its member.
  private long extentOffset;
  private int extentLength;

  private void append(long offset, int from, int length) throws IOException {
    if (extentLength > 0 && extentOffset + extentLength != offset) {
      flushExtent();
    }
    for (int done = 0; done < length; ) {
      int count = Math.min(length - done, data.length - dataLength);
      if (extentLength == 0) {
        extentOffset = offset + done;
      }
      System.arraycopy(reader.bytes(), from + done, data, dataLength, count);
      dataLength += count;
      extentLength += count;
      done += count;
      if (dataLength == data.length) {
        flushExtent();
        frames.submit(false, data, dataLength);
        data = frames.buffer();
        dataLength = 0;
        dataMember++;
      }
    }
    dataBytes += length;
    progress.advance(length);
  }

  private void flushExtent() throws IOException {
    if (extentLength > 0) {
      tree.write(
          new TreeRecord.Extent(extentOffset, extentLength, dataMember, dataLength - extentLength));
      extents++;
      extentLength = 0;
    }
  }
}
