package dev.firn.server.oapi;

/**
 * Who sent a request.
 *
 * @param accessKeyId with which it is signed; null: it came with a password
 */
record Caller(String accountId, String accessKeyId) {}
