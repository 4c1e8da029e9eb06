/**
 * The FUSE protocol spoken by ourselves over /dev/fuse: the default transport on Linux.
 *
 * <p>From the outside in: {@code KernelTransport} and {@code KernelMount} mount and unmount; {@code
 * Session} has the threads; {@code Device} moves bytes; {@code Dispatcher} knows which class of
 * requests answers what; the classes named {@code …Requests} call the file system. The protocol's
 * constants are in {@code Opcode} and {@code InitFlags}, its structures where they are read or
 * written. What is negotiated and why: native-notes/kernel-protocol.md.
 */
package dev.firn.fuse.kernel;
