package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;

/**
 * A package in a file, of which any member can be read, without those in front of it. Manifest and
 * contents have been verified; each member is when it is opened. Safe for concurrent use.
 */
final class PackageFile implements Closeable {
  private static final int BUFFER_BYTES = 1 << 18;

  private final String source;
  private final FileChannel channel;
  private final Manifest manifest;
  private final List<Manifest.Member> data;

  /** Where each member's header begins. */
  private final Map<String, Long> offsets;

  /**
   * Opens a package.
   *
   * @param trust whose packages are taken
   * @throws FirnException of kind NOT_FOUND if there is no file, CORRUPT if it is no package or its
   *     manifest or contents are damaged
   */
  PackageFile(Path file, Trust trust, ProgressListener listener) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw FirnException.notFound("there is no file '%s'", file);
    }
    source = "'" + file + "'";
    channel = FileChannel.open(file, StandardOpenOption.READ);
    boolean opened = false;
    try {
      InputStream in = part(0);
      byte[] head = new byte[PackageFormat.DETECT_BYTES];
      in.mark(head.length);
      if (PackageFormat.detect(head, in.readNBytes(head, 0, head.length)) != PackageFormat.FIRN) {
        throw FirnException.corrupt("%s is no firn package, which alone can be mounted", source);
      }
      in.reset();
      PackageReader reader =
          new PackageReader(in, source, trust, new Progress(listener, Progress.UNKNOWN));
      manifest = reader.manifest().contentsFollow() ? withContents(reader) : reader.manifest();
      data = manifest.data();
      offsets = offsets(manifest.members(), reader.offset());
      opened = true;
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  /** What a package is whose end tells where its contents are. */
  private Manifest withContents(PackageReader reader) throws IOException {
    long tail = channel.size() - PackageTar.tailBytes();
    int length = PackageTar.offsetFile(0).length;
    byte[] place = at(Math.max(0, tail)).member(PackageLayout.CONTENTS_OFFSET, length);
    long offset;
    try {
      offset = Long.parseLong(Bytes.text(place).strip());
    } catch (NumberFormatException e) {
      offset = -1;
    }
    if (offset < 0 || offset >= tail) {
      throw FirnException.corrupt(
          "%s is damaged: %s leads nowhere; get the package again",
          source, PackageLayout.CONTENTS_OFFSET);
    }
    return reader.contents(part(offset), offset);
  }

  private static Map<String, Long> offsets(List<Manifest.Member> members, long start) {
    Map<String, Long> starts = new HashMap<>();
    long offset = start;
    for (Manifest.Member member : members) {
      starts.put(member.name(), offset);
      offset += PackageTar.entryBytes(member.bytes());
    }
    return starts;
  }

  private InputStream part(long offset) {
    return new BufferedInputStream(
        Channels.newInputStream(new ChannelPart(channel, offset)), BUFFER_BYTES);
  }

  private PackageTar.Input at(long offset) {
    return new PackageTar.Input(part(offset), source, offset);
  }

  /** The file, for messages. */
  String source() {
    return source;
  }

  Manifest manifest() {
    return manifest;
  }

  /** The members of the data. */
  List<Manifest.Member> data() {
    return data;
  }

  /** Takes members of the tree in their order. */
  @FunctionalInterface
  interface TreeVisitor {
    /**
     * @param raw decompressed and verified; not to be kept
     */
    void member(byte[] raw) throws IOException;
  }

  void readTree(TreeVisitor visitor) throws IOException {
    ExecutorService workers = Workers.start("firn-unpack");
    try {
      FrameReader frames = new FrameReader(manifest.tree(), this::stored, workers, source);
      for (OpenedMember each = frames.next(); each != null; each = frames.next()) {
        visitor.member(each.raw());
        frames.recycle(each);
      }
    } finally {
      workers.shutdown();
    }
  }

  /**
   * A data member's raw bytes.
   *
   * @throws FirnException of kind CORRUPT if it is damaged
   */
  byte[] readData(int number) throws IOException {
    Manifest.Member member = data.get(number);
    return FrameReader.open(member, stored(member), new byte[(int) member.rawBytes()], source);
  }

  /** A member as it is stored, not verified. */
  private byte[] stored(Manifest.Member member) throws IOException {
    return at(offsets.get(member.name())).member(member.name(), (int) member.bytes());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
