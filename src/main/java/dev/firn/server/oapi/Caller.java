package dev.firn.server.oapi;

/** Who signed a request. */
record Caller(String accountId, String accessKeyId) {}
