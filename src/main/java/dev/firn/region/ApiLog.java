package dev.firn.region;

import java.time.Instant;

/** A call of the API, as its caller can read it again; without anything secret. */
public record ApiLog(
    long number,
    String accountId,
    String requestId,
    String accessKeyId,
    String callName,
    Instant calledAt,
    long durationMicros,
    String ipAddress,
    String userAgent,
    String apiVersion,
    String headerRaw,
    long headerBytes,
    String payloadRaw,
    long payloadBytes,
    long responseBytes,
    int statusCode) {}
