package dev.firn.fuse.kernel;

/**
 * What a kernel offers to a mount.
 *
 * @param version of the FUSE protocol
 * @param rings whether requests can come over io_uring
 */
public record KernelOffer(String version, boolean rings) {}
