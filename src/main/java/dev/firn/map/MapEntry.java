package dev.firn.map;

/**
 * One key with its value. The arrays are the caller's to read, never to change.
 *
 * @param pending the extent whose place on disk the value does not know yet, or null
 */
public record MapEntry(byte[] key, byte[] value, PendingExtent pending) {}
