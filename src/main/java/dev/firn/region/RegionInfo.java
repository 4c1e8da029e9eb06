package dev.firn.region;

import java.nio.file.Path;
import java.util.List;

/** A Region's name, its Subregions in order (the first is the default), and its home. */
public record RegionInfo(String name, List<String> subregions, Path home) {}
