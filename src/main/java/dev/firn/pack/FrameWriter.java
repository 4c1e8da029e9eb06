package dev.firn.pack;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Compresses members on several threads and appends them to a spool in the order they came. Used by
 * one thread, which waits when the others are behind: at most a few members are in memory.
 */
final class FrameWriter implements Closeable {
  /** A finished member, and where in the spool it is. */
  record Spooled(Manifest.Member member, long offset) {}

  private record Frame(
      boolean tree, byte[] raw, int rawLength, byte[] bytes, int length, String sha256) {}

  private final Spool spool;
  private final int threads = Workers.THREADS;
  private final ExecutorService workers = Workers.start("firn-pack");
  private final Deque<Future<Frame>> running = new ArrayDeque<>();
  private final Deque<byte[]> buffers = new ArrayDeque<>();
  private final List<Spooled> treeMembers = new ArrayList<>();
  private final List<Spooled> dataMembers = new ArrayList<>();

  FrameWriter(Spool spool) {
    this.spool = spool;
  }

  /** A buffer of {@link PackageLayout#DATA_MEMBER_BYTES}, for {@link #submit} to take back. */
  byte[] buffer() {
    byte[] buffer = buffers.poll();
    return buffer != null ? buffer : new byte[PackageLayout.DATA_MEMBER_BYTES];
  }

  /** Takes the first {@code length} bytes of a {@link #buffer} as the next member of its kind. */
  void submit(boolean tree, byte[] raw, int length) throws IOException {
    running.add(workers.submit(() -> compress(tree, raw, length)));
    if (running.size() > threads) {
      spoolNext();
    }
  }

  /** Waits for all members. */
  void finish() throws IOException {
    while (!running.isEmpty()) {
      spoolNext();
    }
  }

  List<Spooled> treeMembers() {
    return treeMembers;
  }

  List<Spooled> dataMembers() {
    return dataMembers;
  }

  @Override
  public void close() {
    workers.shutdown();
  }

  private static Frame compress(boolean tree, byte[] raw, int length) {
    byte[] bytes = new byte[(int) PackageLayout.memberBytesMax(length)];
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(PackageLayout.ZSTD_LEVEL).setChecksum(true);
      int count = context.compressByteArray(bytes, 0, bytes.length, raw, 0, length);
      return new Frame(tree, raw, length, bytes, count, Digests.sha256(bytes, count));
    }
  }

  private void spoolNext() throws IOException {
    Frame frame;
    try {
      frame = running.remove().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IOException("compression failed: " + e.getCause(), e);
    }
    List<Spooled> members = frame.tree ? treeMembers : dataMembers;
    String name =
        frame.tree
            ? PackageLayout.treeMember(members.size())
            : PackageLayout.dataMember(members.size());
    long offset = spool.append(frame.bytes, frame.length);
    members.add(
        new Spooled(
            new Manifest.Member(name, frame.length, frame.rawLength, frame.sha256), offset));
    buffers.add(frame.raw);
  }
}
