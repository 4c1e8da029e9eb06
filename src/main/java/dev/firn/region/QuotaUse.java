package dev.firn.region;

/**
 * A quota of an account.
 *
 * @param maxValue 0: no limit
 * @param usedValue rounded up
 */
public record QuotaUse(Quota quota, long maxValue, long usedValue) {}
