package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.vfs.Disk;
import dev.firn.vfs.VolumeKind;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What users may ask for; everything else is answered with USAGE. */
final class Checks {
  /** The first is the default. */
  private static final List<String> COMPRESSIONS = List.of("lz4", "zstd", "none");

  private static final List<String> KINDS =
      Stream.of(VolumeKind.values()).map(VolumeKind::text).toList();

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
  private static final int DESCRIPTION_CHARACTERS_MAX = 1024;
  static final int TAGS_MAX = 50;
  private static final int TAG_CHARACTERS_MAX = 255;

  private Checks() {}

  /** A name for a volume, Region or Subregion: {@code what} says which. */
  static void name(String what, String name) {
    if (name == null || !NAME.matcher(name).matches()) {
      throw FirnException.usage(
          "%s name '%s' is not 1 to 128 of letters, digits and . _ - with neither '.' nor '-' in"
              + " front: choose another",
          what, SnapshotNames.printable(String.valueOf(name)));
    }
    if (SnapshotNames.looksLikeId(name)) {
      throw FirnException.usage("%s name '%s' looks like an id: choose another", what, name);
    }
  }

  static void volumeSize(long sizeBytes) {
    if (sizeBytes < Sizes.MIB || sizeBytes > Sizes.VOLUME_BYTES_MAX) {
      throw FirnException.usage(
          "a volume of %d bytes cannot be made: sizes go from 1M to 14901G", sizeBytes);
    }
  }

  /** A size for a volume of this kind. */
  static void volumeSize(VolumeKind kind, long sizeBytes) {
    volumeSize(sizeBytes);
    if (kind == VolumeKind.BLOCK && sizeBytes % Disk.SECTOR_BYTES != 0) {
      throw FirnException.usage(
          "a disk of %d bytes cannot be made: give a multiple of %d bytes",
          sizeBytes, Disk.SECTOR_BYTES);
    }
  }

  /** The kind to make; null gives the default. */
  static VolumeKind kind(String kind, VolumeKind byDefault) {
    return kind == null ? byDefault : VolumeKind.of(oneOf("kind", kind, KINDS));
  }

  /** The compression to use; null gives the default. */
  static String compression(String compression) {
    return oneOf("compression", compression, COMPRESSIONS);
  }

  /** The Subregion to use; null gives the first. */
  static String subregion(String subregion, List<String> known) {
    return oneOf("subregion", subregion, known);
  }

  static void description(String description) {
    if (description.length() > DESCRIPTION_CHARACTERS_MAX) {
      throw FirnException.usage(
          "the description has %d characters, and may have %d: shorten it",
          description.length(), DESCRIPTION_CHARACTERS_MAX);
    }
  }

  static void tags(Map<String, String> tags) {
    if (tags.size() > TAGS_MAX) {
      throw FirnException.usage("%d tags are more than the %d allowed", tags.size(), TAGS_MAX);
    }
    tags.forEach(
        (key, value) -> {
          if (key.isEmpty() || key.length() > TAG_CHARACTERS_MAX) {
            throw FirnException.usage(
                "tag '%s' needs a key of 1 to %d characters",
                SnapshotNames.printable(key), TAG_CHARACTERS_MAX);
          }
          if (value.length() > TAG_CHARACTERS_MAX) {
            throw FirnException.usage(
                "the value of tag '%s' is longer than %d characters", key, TAG_CHARACTERS_MAX);
          }
        });
  }

  private static String oneOf(String what, String given, Collection<String> known) {
    if (given == null) {
      return known.iterator().next();
    }
    if (!known.contains(given)) {
      throw FirnException.usage(
          "%s '%s' is unknown: choose one of %s",
          what, SnapshotNames.printable(given), String.join(", ", known));
    }
    return given;
  }
}
