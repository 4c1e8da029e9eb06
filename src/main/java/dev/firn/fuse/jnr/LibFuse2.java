package dev.firn.fuse.jnr;

import ru.serce.jnrfuse.LibFuse;

/**
 * What jnr-fuse's binding of libfuse 2.9 lacks: the steps that fuse_main does in one go. Taken one
 * by one they install no signal handlers, tell at once whether the mount succeeded, and let our own
 * threads serve requests. Addresses are numbers; 0 is NULL. Public for jnr-ffi, which implements it
 * at run time.
 */
public interface LibFuse2 extends LibFuse {
  /**
   * Mounts; answers the channel to the kernel, or 0. Takes its own options out of the arguments.
   */
  long fuse_mount(long mountPoint, long arguments);

  long fuse_get_session(long fuse);

  long fuse_chan_bufsize(long channel);

  /** Waits for a request: its length, 0 when the mount has ended, or an error number below 0. */
  int fuse_chan_recv(long channelPointer, long buffer, long bufferBytes);

  /** Handles one request, calling back on this thread. */
  void fuse_session_process(long session, long buffer, long length, long channel);

  /** Closes the channel; takes the mount away if it is still there. */
  void fuse_unmount(long mountPoint, long channel);

  void fuse_destroy(long fuse);

  void fuse_opt_free_args(long arguments);
}
