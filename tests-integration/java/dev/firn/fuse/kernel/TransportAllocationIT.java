package dev.firn.fuse.kernel;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.firn.fuse.Posix;
import dev.firn.fuse.TestMount;
import dev.firn.fuse.Transport;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.ReadOnlyFileSystem;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A request goes through the threads of a mount without leaving anything for the collector; what
 * its handler and the file system make is another matter: see {@link AllocationTest}.
 */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#kernel")
class TransportAllocationIT {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int REQUESTS = 10_000;
  private static final int BYTES = 4096;

  @Parameter Transport transport;

  /** What a caller does that is one request. */
  private interface Call {
    void run(int fd, byte[] buffer);
  }

  @Test
  void getattr() throws Exception {
    measure((fd, buffer) -> assertEquals(OneFile.SIZE_BYTES, Posix.stat(fd).sizeBytes()));
  }

  @Test
  void read() throws Exception {
    measure((fd, buffer) -> assertEquals(BYTES, check(LIBC.pread(fd, buffer, BYTES, 0))));
  }

  private void measure(Call call) throws Exception {
    OneFile files = new OneFile();
    try (TestMount mount = new TestMount(transport, files)) {
      int fd = Posix.open(mount.path("file"), Posix.O_RDONLY | Posix.O_DIRECT);
      byte[] buffer = new byte[BYTES];
      // The first half is for the compiler.
      long allocated = 0;
      long requests = 0;
      for (int half = 0; half < 2; half++) {
        allocated = allocatedBytes(mount);
        requests = files.calls.get();
        for (int i = 0; i < REQUESTS; i++) {
          call.run(fd, buffer);
        }
        allocated = allocatedBytes(mount) - allocated;
        requests = files.calls.get() - requests;
      }
      check(LIBC.close(fd));
      assertTrue(requests >= REQUESTS, "each is a request");
      String text = allocated + " bytes for " + requests + " requests";
      assertTrue(allocated < requests, text);
    }
  }

  private static long allocatedBytes(TestMount mount) {
    String name = "fuse-" + mount.directory().getFileName() + "-";
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(name))
        .mapToLong(thread -> THREADS.getThreadAllocatedBytes(thread.getId()))
        .sum();
  }

  /** A root with one file of which the kernel may believe nothing; allocates nothing itself. */
  private static final class OneFile extends ReadOnlyFileSystem {
    static final long SIZE_BYTES = 1 << 20;
    private static final Attributes ROOT = attributes(ROOT_INODE, FileMode.DIRECTORY | 0755);
    private static final Attributes FILE = attributes(2, FileMode.REGULAR | 0644);

    final AtomicLong calls = new AtomicLong();

    private static Attributes attributes(long inode, int mode) {
      return new Attributes(inode, mode, 0, 0, 1, SIZE_BYTES, SIZE_BYTES, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public boolean changesUnseen(long directory) {
      return true;
    }

    @Override
    public Attributes lookup(long parent, byte[] name) {
      return FILE;
    }

    @Override
    public Attributes getAttributes(long inode) {
      calls.incrementAndGet();
      return inode == ROOT_INODE ? ROOT : FILE;
    }

    @Override
    public int read(long inode, long offset, ByteBuffer target) {
      calls.incrementAndGet();
      int count = target.remaining();
      target.position(target.limit());
      return count;
    }

    @Override
    public long open(long inode, boolean forWriting) {
      return 1;
    }

    @Override
    public void release(long handle) {}

    @Override
    public FileSystemStatus status() {
      return new FileSystemStatus(1L << 30, 1L << 30, 10, 10);
    }

    @Override
    public byte[] readLink(long inode) throws ErrnoException {
      throw unexpected();
    }

    @Override
    public long seek(long inode, long offset, boolean hole) throws ErrnoException {
      throw unexpected();
    }

    @Override
    public long openDirectory(long inode) throws ErrnoException {
      throw unexpected();
    }

    @Override
    public List<DirectoryEntry> readDirectory(long handle, long cookie, int limit)
        throws ErrnoException {
      throw unexpected();
    }

    @Override
    public void releaseDirectory(long handle) throws ErrnoException {
      throw unexpected();
    }

    @Override
    public byte[] getXattr(long inode, byte[] name) throws ErrnoException {
      throw new ErrnoException(Errno.ENODATA);
    }

    @Override
    public List<byte[]> listXattrs(long inode) {
      return List.of();
    }

    @Override
    public void close() {}

    private static ErrnoException unexpected() {
      return new ErrnoException(Errno.ENOSYS);
    }
  }
}
