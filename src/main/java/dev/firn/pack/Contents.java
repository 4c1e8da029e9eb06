package dev.firn.pack;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.IOException;
import java.util.List;

/**
 * A package's table of contents, which is written when all of it is known.
 *
 * @param manifest the SHA-256 of the manifest, in lower-case hexadecimal digits: what vouches for
 *     the contents vouches for that as well
 * @param members in the order of the file
 */
@JsonPropertyOrder({"manifest", "counts", "members"})
record Contents(
    @JsonProperty(required = true) String manifest,
    @JsonProperty(required = true) Manifest.Counts counts,
    @JsonProperty(required = true) List<Manifest.Member> members) {

  byte[] toJson() throws IOException {
    return Manifest.json(this);
  }
}
