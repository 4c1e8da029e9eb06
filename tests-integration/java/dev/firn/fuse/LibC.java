package dev.firn.fuse;

import jnr.ffi.Pointer;

/**
 * What the tests call of glibc on 64-bit Linux, as it is: a failure answers -1 (or a null or
 * all-ones pointer) and leaves the error for {@link Posix#check}. Paths and names end in NUL.
 * Public for jnr-ffi.
 */
public interface LibC {
  int open(byte[] path, int flags, int mode);

  int openat(int directory, byte[] path, int flags, int mode);

  int close(int fd);

  long read(int fd, byte[] buffer, long size);

  long write(int fd, byte[] buffer, long size);

  long pread(int fd, byte[] buffer, long size, long offset);

  long pread(int fd, Pointer buffer, long size, long offset);

  long pwrite(int fd, byte[] buffer, long size, long offset);

  long pwrite(int fd, Pointer buffer, long size, long offset);

  long lseek(int fd, long offset, int whence);

  long sendfile(int target, int source, long[] offset, long size);

  long copy_file_range(
      int source, long[] sourceOffset, int target, long[] targetOffset, long size, int flags);

  int posix_fadvise(int fd, long offset, long length, int advice);

  int sched_setaffinity(int thread, long maskBytes, byte[] mask);

  int fsync(int fd);

  int fdatasync(int fd);

  int syncfs(int fd);

  int ftruncate(int fd, long size);

  int truncate(byte[] path, long size);

  int fallocate(int fd, int mode, long offset, long length);

  int fchmod(int fd, int mode);

  int fchown(int fd, int uid, int gid);

  int chmod(byte[] path, int mode);

  int chown(byte[] path, int uid, int gid);

  int lchown(byte[] path, int uid, int gid);

  int access(byte[] path, int mode);

  int mkdir(byte[] path, int mode);

  int mkdirat(int directory, byte[] path, int mode);

  int rmdir(byte[] path);

  int mknod(byte[] path, int mode, long device);

  int unlink(byte[] path);

  int rename(byte[] from, byte[] to);

  int renameat2(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);

  int link(byte[] from, byte[] to);

  int linkat(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);

  int symlink(byte[] target, byte[] path);

  long readlink(byte[] path, byte[] buffer, long size);

  int statx(int directory, byte[] path, int flags, int mask, byte[] status);

  int statfs(byte[] path, byte[] status);

  int utimensat(int directory, byte[] path, long[] times, int flags);

  int futimens(int fd, long[] times);

  int setxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

  int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

  int fsetxattr(int fd, byte[] name, byte[] value, long size, int flags);

  long lgetxattr(byte[] path, byte[] name, byte[] value, long size);

  long fgetxattr(int fd, byte[] name, byte[] value, long size);

  long llistxattr(byte[] path, byte[] list, long size);

  int lremovexattr(byte[] path, byte[] name);

  int umount2(byte[] path, int flags);

  Pointer opendir(byte[] path);

  Pointer readdir(Pointer directory);

  void rewinddir(Pointer directory);

  long telldir(Pointer directory);

  void seekdir(Pointer directory, long place);

  int dirfd(Pointer directory);

  int closedir(Pointer directory);

  Pointer mmap(Pointer wanted, long length, int protection, int flags, int fd, long offset);

  int munmap(Pointer start, long length);

  int msync(Pointer start, long length, int flags);

  int flock(int fd, int operation);

  int fcntl(int fd, int command, byte[] argument);

  int fcntl(int fd, int command, long argument);

  int ioctl(int fd, long request, byte[] argument);

  int ioctl(int fd, long request, long argument);

  int inotify_init1(int flags);

  int inotify_add_watch(int fd, byte[] path, int mask);

  int setfsuid(int uid);

  int setfsgid(int gid);

  long syscall(long number, long count, int[] list);

  long syscall(long number, long first, long second);

  long syscall(long number, long first, long second, long third);
}
