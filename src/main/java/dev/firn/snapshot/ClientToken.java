package dev.firn.snapshot;

/**
 * By what a request is known that comes again, and is to be done once. It is kept in the same step
 * as what the request makes.
 *
 * @param accountId whose request it is
 * @param token chosen by the client
 * @param argumentsDigest the same for the same arguments
 */
public record ClientToken(String accountId, String action, String token, String argumentsDigest) {}
