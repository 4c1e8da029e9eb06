package dev.firn.pack;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Verifies and decompresses members whose digests are known, ahead of their use, on several
 * threads, in order. Reads their stored bytes on the thread that asks. A member's declared sizes
 * bound what it takes in memory.
 */
final class FrameReader implements Frames {
  /** Where stored bytes come from. */
  interface Source {
    byte[] read(Manifest.Member member) throws IOException;
  }

  private final Iterator<Manifest.Member> members;
  private final Source source;
  private final ExecutorService workers;
  private final String label;
  private final Deque<Future<OpenedMember>> ahead = new ArrayDeque<>();
  private final Deque<byte[]> buffers = new ArrayDeque<>();

  FrameReader(List<Manifest.Member> members, Source source, ExecutorService workers, String label) {
    this.members = members.iterator();
    this.source = source;
    this.workers = workers;
    this.label = label;
  }

  @Override
  public OpenedMember next() throws IOException {
    while (ahead.size() <= Workers.THREADS && members.hasNext()) {
      Manifest.Member member = members.next();
      byte[] stored = source.read(member);
      byte[] buffer = buffers.poll();
      byte[] raw =
          buffer != null && buffer.length == member.rawBytes()
              ? buffer
              : new byte[(int) member.rawBytes()];
      ahead.add(workers.submit(() -> openKept(member, stored, raw)));
    }
    if (ahead.isEmpty()) {
      return null;
    }
    return Workers.await(ahead.remove());
  }

  @Override
  public void recycle(OpenedMember member) {
    buffers.add(member.raw());
  }

  private OpenedMember openKept(Manifest.Member member, byte[] stored, byte[] raw) {
    open(member, stored, raw, label);
    return new OpenedMember(raw, stored, FrameTable.of(stored, stored.length));
  }

  /** Verifies and decompresses one member; CORRUPT if it is not what the manifest says. */
  static byte[] open(Manifest.Member member, byte[] stored, byte[] raw, String label) {
    if (!Digests.sha256(stored, stored.length).equals(member.sha256())) {
      throw FirnException.corrupt(
          "%s is damaged: %s does not have the SHA-256 that the manifest names; get the package"
              + " again",
          label, member.name());
    }
    decompress(member.name(), stored, stored.length, raw, label);
    return raw;
  }

  /**
   * Fills {@code raw}; CORRUPT if what is stored is not just so many bytes of it, or one of its
   * frames has others than it says.
   */
  static void decompress(String name, byte[] stored, int storedLength, byte[] raw, String label) {
    try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
      int length = context.decompressByteArray(raw, 0, raw.length, stored, 0, storedLength);
      if (length == raw.length) {
        return;
      }
    } catch (ZstdException e) {
      throw new FirnException(
          ErrorKind.CORRUPT,
          String.format("%s: %s cannot be decompressed: %s", label, name, e.getMessage()),
          e);
    }
    throw FirnException.corrupt(
        "%s: %s is not as large as it says; it is damaged or hostile", label, name);
  }
}
