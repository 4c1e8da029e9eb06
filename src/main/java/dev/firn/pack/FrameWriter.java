package dev.firn.pack;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Compresses members on several threads, each of which it hashes once, and writes them in the order
 * they came. Used by one thread, which waits when the others are behind: at most a few members are
 * in memory.
 */
final class FrameWriter implements Closeable {
  private record Frame(
      boolean tree, byte[] raw, int rawLength, byte[] bytes, int length, String sha256) {}

  private final OutputStream target;
  private final int threads = Workers.THREADS;
  private final ExecutorService workers = Workers.start("firn-pack");
  private final Deque<Future<Frame>> running = new ArrayDeque<>();
  private final Deque<byte[]> buffers = new ArrayDeque<>();
  private final Deque<byte[]> outputs = new ArrayDeque<>();
  private final List<Manifest.Member> members = new ArrayList<>();
  private int treeMembers;
  private int dataMembers;

  /**
   * @param target gets each member as the archive has it; is not closed with this
   */
  FrameWriter(OutputStream target) {
    this.target = target;
  }

  /** A buffer of {@link PackageLayout#DATA_MEMBER_BYTES}, for {@link #submit} to take back. */
  byte[] buffer() {
    byte[] buffer = buffers.poll();
    return buffer != null ? buffer : new byte[PackageLayout.DATA_MEMBER_BYTES];
  }

  /** Takes the first {@code length} bytes of a {@link #buffer} as the next member of its kind. */
  void submit(boolean tree, byte[] raw, int length) throws IOException {
    byte[] free = outputs.poll();
    byte[] output =
        free != null
            ? free
            : new byte[(int) PackageLayout.memberBytesMax(PackageLayout.DATA_MEMBER_BYTES)];
    running.add(workers.submit(() -> compress(tree, raw, length, output)));
    // With each of the data goes one of the tree, which is short.
    if (running.size() > 2 * threads) {
      writeNext();
    }
  }

  /** Waits for all members, which it answers in their order. */
  List<Manifest.Member> finish() throws IOException {
    while (!running.isEmpty()) {
      writeNext();
    }
    return members;
  }

  @Override
  public void close() {
    workers.shutdown();
  }

  private static Frame compress(boolean tree, byte[] raw, int length, byte[] output) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(PackageLayout.ZSTD_LEVEL).setChecksum(true);
      int count = context.compressByteArray(output, 0, output.length, raw, 0, length);
      return new Frame(tree, raw, length, output, count, Digests.sha256(output, count));
    }
  }

  private void writeNext() throws IOException {
    Frame frame = Workers.await(running.remove());
    String name =
        frame.tree
            ? PackageLayout.treeMember(treeMembers++)
            : PackageLayout.dataMember(dataMembers++);
    PackageTar.write(target, name, frame.bytes, frame.length);
    members.add(new Manifest.Member(name, frame.length, frame.rawLength, frame.sha256));
    buffers.add(frame.raw);
    outputs.add(frame.bytes);
  }
}
