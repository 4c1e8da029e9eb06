package dev.firn.region;

/** A tag of a volume, snapshot or image. */
public record Tag(String resourceId, String key, String value) {}
