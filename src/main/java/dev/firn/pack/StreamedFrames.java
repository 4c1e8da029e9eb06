package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * The members of a package whose contents follow them, in the order of the file. They are read on
 * the thread that asks, and decompressed and hashed once on several, ahead of their use. What each
 * has is known when it is used and judged at the end, by {@link #requireMembers}; until then only
 * limits protect the reader.
 */
final class StreamedFrames {
  /** Arrays for stored members are of multiples of it, so that they fit others as well. */
  private static final int BODY_STEP_BYTES = 256 << 10;

  private record Frame(Manifest.Member member, OpenedMember opened) {}

  /**
   * @param offset where it begins in the package
   */
  private record Ahead(boolean tree, long offset, Future<Frame> frame) {}

  private final PackageTar.Input input;
  private final long treeBytesMax;
  private final ExecutorService workers;
  private final String source;
  private final Deque<Ahead> ahead = new ArrayDeque<>();

  /** Of members that were used: raw bytes of the data, and stored ones of either kind. */
  private final Deque<byte[]> buffers = new ArrayDeque<>();

  private final Deque<byte[]> bodies = new ArrayDeque<>();

  // Of those that were read ahead.
  private int treeMembers;
  private int dataMembers;
  private int dataAhead;

  // Of those that were used.
  private int treeUsed;
  private int dataUsed;
  private long treeBytes;
  private byte[] chain = new byte[0];

  /** The document behind the members, and where it begins; null before it was reached. */
  private byte[] contents;

  private long contentsOffset;

  /**
   * @param treeBytesMax what all members of the tree may have
   */
  StreamedFrames(
      PackageTar.Input input, long treeBytesMax, ExecutorService workers, String source) {
    this.input = input;
    this.treeBytesMax = treeBytesMax;
    this.workers = workers;
    this.source = source;
  }

  Frames tree() {
    return new Kind(true);
  }

  Frames data() {
    return new Kind(false);
  }

  /** The document behind the members, of which all have been used. */
  byte[] contents() {
    return contents;
  }

  long contentsOffset() {
    return contentsOffset;
  }

  /** CORRUPT unless the members were those that are listed. */
  void requireMembers(List<Manifest.Member> listed) {
    byte[] expected = new byte[0];
    for (Manifest.Member member : listed) {
      expected = link(expected, member);
    }
    if (!Arrays.equals(expected, chain)) {
      throw FirnException.corrupt(
          "%s is damaged: its members are not what %s says; get the package again",
          source, Document.CONTENTS.file());
    }
  }

  /** The digest of all members, each with those before it: so it can be gone on with. */
  private static byte[] link(byte[] before, Manifest.Member member) {
    MessageDigest digest = Digests.sha256();
    digest.update(before);
    digest.update(Bytes.utf8(member.toString()));
    return digest.digest();
  }

  /** Whether there is a member that was not used, so that a state of now is worth keeping. */
  boolean goesOn() throws IOException {
    readAhead();
    return !ahead.isEmpty();
  }

  /** What {@link #load} needs to go on with the next member. */
  void save(DataOutput out) throws IOException {
    out.writeLong(ahead.element().offset);
    out.writeInt(treeUsed);
    out.writeInt(dataUsed);
    out.writeLong(treeBytes);
    SavedState.writeBytes(out, chain);
  }

  /** Goes on where another one was; before anything was read. */
  void load(DataInput in) throws IOException {
    input.skipTo(in.readLong());
    treeUsed = in.readInt();
    dataUsed = in.readInt();
    treeBytes = in.readLong();
    chain = SavedState.readBytes(in);
    treeMembers = treeUsed;
    dataMembers = dataUsed;
  }

  private final class Kind implements Frames {
    private final boolean tree;

    Kind(boolean tree) {
      this.tree = tree;
    }

    @Override
    public OpenedMember next() throws IOException {
      readAhead();
      if (ahead.isEmpty()) {
        return null;
      }
      Ahead next = ahead.remove();
      if (next.tree != tree) {
        throw FirnException.corrupt(
            "%s: its tree is not valid: %s; it is damaged or hostile",
            source, tree ? "there is content that no file has" : "content is out of order");
      }
      dataAhead -= tree ? 0 : 1;
      Frame frame = Workers.await(next.frame);
      chain = link(chain, frame.member);
      treeUsed += tree ? 1 : 0;
      dataUsed += tree ? 0 : 1;
      if (tree) {
        treeBytes += frame.opened.raw().length;
        if (treeBytes > treeBytesMax) {
          throw FirnException.corrupt(
              "%s has a tree of more than %d bytes, which is larger than its volume; it is damaged"
                  + " or hostile",
              source, treeBytesMax);
        }
      }
      return frame.opened;
    }

    @Override
    public void recycle(OpenedMember member) {
      bodies.add(member.stored());
      if (!tree) {
        buffers.add(member.raw());
      }
    }
  }

  /** With each member of the data goes one of the tree, which is short. */
  private void readAhead() throws IOException {
    while (contents == null
        && dataAhead <= Workers.THREADS
        && ahead.size() <= 2 * Workers.THREADS) {
      long offset = input.offset();
      PackageTar.Input.Named next =
          input.next(
              PackageLayout.treeMember(treeMembers),
              PackageLayout.dataMember(dataMembers),
              Document.CONTENTS,
              this::body);
      if (next.name().equals(Document.CONTENTS.file())) {
        contents = next.body();
        contentsOffset = offset;
        return;
      }
      boolean tree = next.name().startsWith(PackageLayout.TREE_PREFIX);
      treeMembers += tree ? 1 : 0;
      dataMembers += tree ? 0 : 1;
      dataAhead += tree ? 0 : 1;
      FrameTable table = table(next);
      byte[] raw = buffer(tree, table.rawBytes());
      ahead.add(new Ahead(tree, offset, workers.submit(() -> open(next, raw, table))));
    }
  }

  /** Has room for a stored member; used again as often as it does. */
  private byte[] body(int length) {
    for (Iterator<byte[]> free = bodies.iterator(); free.hasNext(); ) {
      byte[] body = free.next();
      if (body.length >= length) {
        free.remove();
        return body;
      }
    }
    // Those that are too short, of the tree above all, must not add up.
    bodies.poll();
    return new byte[(length + BODY_STEP_BYTES - 1) / BODY_STEP_BYTES * BODY_STEP_BYTES];
  }

  /** What the member says of itself; CORRUPT if that is not possible. */
  private FrameTable table(PackageTar.Input.Named member) {
    FrameTable table = FrameTable.of(member.body(), member.length());
    if (table == null || member.length() > PackageLayout.memberBytesMax(table.rawBytes())) {
      throw FirnException.corrupt(
          "%s: %s has %d bytes and is no row of frames for so many; it is damaged or hostile",
          source, member.name(), member.length());
    }
    return table;
  }

  private byte[] buffer(boolean tree, int rawBytes) {
    // All but the last of the data have the same size, those of the tree any.
    byte[] free = tree ? null : buffers.poll();
    return free != null && free.length == rawBytes ? free : new byte[rawBytes];
  }

  private Frame open(PackageTar.Input.Named member, byte[] raw, FrameTable table) {
    byte[] stored = member.body();
    int length = member.length();
    FrameReader.decompress(member.name(), stored, length, raw, source);
    return new Frame(
        new Manifest.Member(member.name(), length, raw.length, Digests.sha256(stored, length)),
        new OpenedMember(raw, stored, table));
  }
}
