package dev.firn.vfs;

import java.io.IOException;

/**
 * What a kernel holds of a file system that is mounted; transports implement it. Safe for
 * concurrent use.
 */
public interface KernelCache {
  /**
   * Brings back what was written: when this returns, every write(2) and every store to a shared
   * mapping that completed before the call has arrived in the file system. Must not be called from
   * a thread that serves a request of this mount, unless other threads go on serving.
   */
  void writeBack() throws IOException;

  /**
   * Makes the kernel ask for an inode's attributes again, since they changed without its doing. It
   * waits for nothing.
   */
  void attributesChanged(long inode) throws IOException;

  /**
   * Makes the kernel forget what a name leads to, and all below it. Returns at once; done soon
   * after.
   */
  void forgetName(long directory, byte[] name);
}
