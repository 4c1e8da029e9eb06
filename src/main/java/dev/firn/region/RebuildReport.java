package dev.firn.region;

import java.nio.file.Path;
import java.util.List;

/**
 * What a catalog that was made anew has.
 *
 * @param replaced where the old one is kept; null if there was none
 * @param notes what had to be guessed or could not be had, a sentence each
 */
public record RebuildReport(
    String region, int volumes, int snapshots, Path replaced, List<String> notes) {}
