package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.Sizes;
import dev.firn.region.Permissions;
import dev.firn.region.VolumeOffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values as the API writes and reads them. */
final class Values {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final int IO1_IOPS_MAX = 13_000;
  private static final int IO1_IOPS_PER_GIB_MAX = 300;
  private static final int GP2_IOPS_PER_GIB = 3;
  private static final int GP2_IOPS_MIN = 100;
  private static final int GP2_IOPS_MAX = 10_000;

  static final Shape ACCOUNT_ID =
      Shape.matching("[0-9]{12}", Problem.INVALID_PARAMETER_VALUE, "an account id of 12 digits");
  static final Shape VOLUME_TYPE = Shape.oneOf(Problem.INVALID_TYPE, "standard", "gp2", "io1");
  static final Shape SIZE = Shape.integer(1, 14_901, Problem.INVALID_VOLUME_SIZE);
  static final Shape IOPS = Shape.integer(1, IO1_IOPS_MAX, Problem.INVALID_IOPS);
  static final Shape DEVICE =
      Shape.matching(
          "/dev/(sda1|(sd|xvd)[b-z][a-z]?)",
          Problem.INVALID_DEVICE_NAME,
          "/dev/sda1, /dev/sdX, /dev/sdXX, /dev/xvdX or /dev/xvdXX");
  static final Shape PERMISSIONS =
      Shape.object()
          .optional("AccountIds", Shape.list(ACCOUNT_ID))
          .optional("GlobalPermission", Shape.bool());
  static final Shape PERMISSIONS_CHANGE =
      Shape.object().optional("Additions", PERMISSIONS).optional("Removals", PERMISSIONS);
  static final Shape TAGS =
      Shape.filledList(Shape.object().required("Key", tagKey()).required("Value", tagValue()));

  private Values() {}

  private static Shape tagKey() {
    return Shape.matching("(?s).{1,255}", Problem.INVALID_TAG_KEY, "1 to 255 characters");
  }

  private static Shape tagValue() {
    return Shape.matching("(?s).{0,255}", Problem.INVALID_TAG_VALUE_LENGTH, "up to 255 characters");
  }

  static String time(Instant time) {
    return TIME.format(time);
  }

  /** Whole GiB, rounded up. */
  static long gib(long bytes) {
    return (bytes + Sizes.GIB - 1) / Sizes.GIB;
  }

  static void putTags(ObjectNode object, Map<String, String> tags) {
    ArrayNode list = object.putArray("Tags");
    tags.forEach((key, value) -> list.addObject().put("Key", key).put("Value", value));
  }

  static void putTexts(ObjectNode object, String name, List<String> texts) {
    ArrayNode list = object.putArray(name);
    texts.forEach(list::add);
  }

  static void putPermissions(ObjectNode object, String name, Permissions permissions) {
    ObjectNode node = object.putObject(name);
    node.put("GlobalPermission", permissions.everybody());
    putTexts(node, "AccountIds", permissions.accountIds());
  }

  /** What a volume of that type can do, or null where the type does not say. */
  static Integer iops(VolumeOffer offer, long sizeBytes) {
    return switch (offer.type()) {
      case "io1" -> offer.iops();
      case "gp2" ->
          (int) Math.max(GP2_IOPS_MIN, Math.min(GP2_IOPS_MAX, GP2_IOPS_PER_GIB * gib(sizeBytes)));
      default -> null;
    };
  }

  /** The type that a request asks for; iops go with io1, and with nothing else. */
  static VolumeOffer offer(String type, Long iops, long sizeBytes) {
    String asked = type == null ? "standard" : type;
    if (!asked.equals("io1")) {
      if (iops != null) {
        throw new OapiException(
            Problem.INVALID_PARAMETER_SET, "'Iops' is for volumes of type io1, not %s", asked);
      }
      return new VolumeOffer(asked, null);
    }
    if (iops == null) {
      throw new OapiException(
          Problem.MISSING_PARAMETER, "'Iops' is missing, which volumes of type io1 need");
    }
    if (iops > IO1_IOPS_PER_GIB_MAX * gib(sizeBytes)) {
      throw new OapiException(
          Problem.INVALID_IOPS,
          "'Iops' may be %d for each GiB: %d",
          IO1_IOPS_PER_GIB_MAX,
          IO1_IOPS_PER_GIB_MAX * gib(sizeBytes));
    }
    return new VolumeOffer(asked, iops.intValue());
  }
}
