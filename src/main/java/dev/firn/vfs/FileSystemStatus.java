package dev.firn.vfs;

/** What statfs(2) tells. Bytes are logical: what files hold before compression. */
public record FileSystemStatus(
    long totalBytes, long freeBytes, long inodesTotal, long inodesFree) {}
