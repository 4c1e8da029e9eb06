package dev.firn;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/**
 * Each package uses only those below it. A layer that knows nothing of what is above can be read,
 * tested and replaced on its own; once one edge goes up, none of that is true any more.
 */
class LayersTest {
  private static final String[] TOP_DOWN = {
    "cli",
    "daemon",
    "server",
    "fuse",
    "bucket",
    "pack",
    "region",
    "snapshot",
    "vfs",
    "map",
    "store",
    "base"
  };

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.firn");

  @Test
  void eachLayerUsesOnlyThoseBelow() {
    var layers = layeredArchitecture().consideringOnlyDependenciesInLayers();
    for (String layer : TOP_DOWN) {
      layers = layers.layer(layer).definedBy("dev.firn." + layer + "..");
    }
    for (int i = 0; i < TOP_DOWN.length; i++) {
      layers =
          i == 0
              ? layers.whereLayer(TOP_DOWN[i]).mayNotBeAccessedByAnyLayer()
              : layers
                  .whereLayer(TOP_DOWN[i])
                  .mayOnlyBeAccessedByLayers(java.util.Arrays.copyOf(TOP_DOWN, i));
    }
    layers
        .because("a package that knows nothing of what is above can be tested and replaced alone")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    SlicesRuleDefinition.slices()
        .matching("dev.firn.(*)..")
        .should()
        .beFreeOfCycles()
        .because("a cycle of packages is one package with more names")
        .check(CLASSES);
  }
}
