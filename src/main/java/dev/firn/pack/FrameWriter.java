package dev.firn.pack;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Compresses members on several threads, frame by frame, hashes each once, and writes them in the
 * order they came. Used by one thread, which waits when the others are behind: at most a few
 * members are in memory.
 */
final class FrameWriter implements Closeable {
  private record Compressed(
      boolean tree, byte[] raw, int rawLength, byte[] bytes, int length, String sha256) {}

  private final OutputStream target;
  private final int threads = Workers.THREADS;
  private final ExecutorService workers = Workers.start("firn-pack");
  private final Deque<Future<Compressed>> running = new ArrayDeque<>();

  /** Raw and stored bytes of data that was written; members of the tree are short. */
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

  /** A buffer of {@link PackageLayout#DATA_MEMBER_BYTES}, for {@link #submitData} to take back. */
  byte[] dataBuffer() {
    byte[] buffer = buffers.poll();
    return buffer != null ? buffer : new byte[PackageLayout.DATA_MEMBER_BYTES];
  }

  /** Takes an array, which is not the caller's any more, as the next member of the tree. */
  void submitTree(byte[] raw) throws IOException {
    int[] end = {raw.length};
    submit(() -> compress(true, raw, end, new byte[storedBytesMax(raw.length)]));
  }

  /**
   * Takes the first bytes of a {@link #dataBuffer} as the next member of the data.
   *
   * @param frameEnds where its frames end, the last one the member as well
   */
  void submitData(byte[] raw, int[] frameEnds) throws IOException {
    byte[] free = outputs.poll();
    byte[] output = free != null ? free : new byte[storedBytesMax(PackageLayout.DATA_MEMBER_BYTES)];
    submit(() -> compress(false, raw, frameEnds, output));
  }

  private static int storedBytesMax(int rawBytes) {
    return (int) PackageLayout.memberBytesMax(rawBytes);
  }

  private void submit(Callable<Compressed> work) throws IOException {
    running.add(workers.submit(work));
    // With each of the data goes one of the tree, which is short. Two more than are compressed at a
    // time, so that no thread has to wait while what is done is written and more is read.
    if (running.size() > 2 * (threads + 2)) {
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

  private static Compressed compress(boolean tree, byte[] raw, int[] frameEnds, byte[] output) {
    int from = 0;
    int count = 0;
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(PackageLayout.ZSTD_LEVEL).setChecksum(true);
      for (int end : frameEnds) {
        count +=
            context.compressByteArray(output, count, output.length - count, raw, from, end - from);
        from = end;
      }
    }
    return new Compressed(tree, raw, from, output, count, Digests.sha256(output, count));
  }

  private void writeNext() throws IOException {
    Compressed member = Workers.await(running.remove());
    String name =
        member.tree
            ? PackageLayout.treeMember(treeMembers++)
            : PackageLayout.dataMember(dataMembers++);
    PackageTar.write(target, name, member.bytes, member.length);
    members.add(new Manifest.Member(name, member.length, member.rawLength, member.sha256));
    if (!member.tree) {
      buffers.add(member.raw);
      outputs.add(member.bytes);
    }
  }
}
