// A page that computes in the browser.
"use client";
import { engineInfo, tensor } from "heddle";
import { useEffect } from "react";

export default function Page() {
  useEffect(() => {
    console.log(
      "result:",
      ...tensor([1, 2, 3])
        .mul(tensor([4, 5, 6]))
        .data(),
    );
    const timer = setInterval(() => console.log("threads:", engineInfo().threads), 100);
    return () => clearInterval(timer);
  }, []);
  return <h1>Heddle in a page of Next</h1>;
}
