package dev.firn.bucket;

import dev.firn.base.FirnException;
import dev.firn.region.Image;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What a request to register an image by its manifest says itself; null where it leaves that to the
 * manifest.
 */
public record ImageRequest(
    String name,
    String description,
    String architecture,
    List<String> productCodes,
    List<String> bootModes,
    Boolean tpmMandatory) {

  /**
   * The image that both together ask for.
   *
   * @throws FirnException USAGE if the request leaves out a licence that comes with the manifest
   */
  Image applied(ImageManifest manifest) {
    TreeSet<String> codes = new TreeSet<>(manifest.productCodes());
    if (productCodes != null && !productCodes.isEmpty()) {
      if (!productCodes.containsAll(codes)) {
        throw FirnException.usage(
            "the image comes with the product codes %s, and none of them can be left out",
            String.join(", ", codes));
      }
      codes.addAll(productCodes);
    }
    String wanted = name == null ? manifest.name() : name;
    if (wanted == null) {
      throw FirnException.usage("neither the request nor the manifest names the image");
    }
    return new Image(
        null,
        0,
        null,
        wanted,
        description == null ? manifest.description() : description,
        architecture == null ? manifest.architecture() : architecture,
        manifest.rootDeviceName(),
        List.copyOf(codes),
        bootModes == null || bootModes.isEmpty() ? List.of("legacy") : bootModes,
        Boolean.TRUE.equals(tpmMandatory),
        manifest.mappings(),
        Map.of(),
        null);
  }
}
